import { expect, test } from 'vitest';
import { commands } from '../specs/index.ts';
import { testTerminal } from '../testing/terminal.ts';
import { commandHelp } from './help.ts';
import { run } from './run.ts';

const never = new AbortController().signal;

test.each(commands.map((command) => [command.name, command] as const))(
  'help of %s starts with examples of itself',
  (name, command) => {
    const help = commandHelp(command, false);
    expect(help.startsWith('Examples\n')).toBe(true);
    for (const example of command.examples) expect(example.command).toContain(`pratique ${name}`);
  },
);

test.each(commands.map(({ name }) => name))('no two options of %s have one letter', async (name) => {
  const terminal = testTerminal();
  expect(await run([...name.split(' '), '--no-such-option'], terminal, never)).toBe(3);
  expect(terminal.stderr).toContain('unknown option');
});

test('the overview names every command and starts with examples', async () => {
  const terminal = testTerminal();
  expect(await run([], terminal, never)).toBe(0);
  expect(terminal.stdout.startsWith('Examples\n')).toBe(true);
  for (const { name } of commands) expect(terminal.stdout).toContain(`  ${name}`);
  expect(terminal.stderr).toBe('');
});

test('a mistake goes to standard error with code, remedy and exit code 3', async () => {
  const terminal = testTerminal();
  expect(await run(['verify', '--nope'], terminal, never)).toBe(3);
  expect(terminal.stdout).toBe('');
  expect(terminal.stderr).toContain('error USAGE: unknown option');
  expect(terminal.stderr).toContain('try       pratique verify --help');
});

test('with -o json errors are JSON', async () => {
  const terminal = testTerminal();
  expect(await run(['config', '-o', 'json', 'nothing'], terminal, never)).toBe(3);
  expect(JSON.parse(terminal.stderr)).toMatchObject({ error: { code: 'USAGE', kind: 'usage' } });
});

test('a wrong call leads to the help of the command that was called', async () => {
  const terminal = testTerminal();
  expect(await run(['verify', '--timeout', '2', 'image'], terminal, never)).toBe(3);
  expect(terminal.stderr).toContain('try       Read the help of the command: pratique verify --help.');
});
