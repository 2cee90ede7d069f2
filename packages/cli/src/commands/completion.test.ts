import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;

async function script(shell: string): Promise<string> {
  const terminal = testTerminal();
  expect(await run(['completion', shell], terminal, never)).toBe(0);
  return terminal.stdout;
}

function complete(source: string, ...words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const result = spawnSync(
    'bash',
    [
      '-c',
      `${source}\nCOMP_WORDS=(pratique ${list}); COMP_CWORD=${words.length}; _pratique; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { encoding: 'utf8', cwd: '/' },
  );
  expect(result.stderr).toBe('');
  return result.stdout.split('\n').filter(Boolean);
}

test('bash completes commands, second words and flags', async () => {
  const source = await script('bash');
  expect(complete(source, 'ver')).toEqual([
    'verify',
    'verify-attestation',
    'verify-blob',
    'verify-blob-attestation',
    'version',
  ]);
  expect(complete(source, 'registry', 's')).toEqual(['serve']);
  expect(complete(source, 'verify', '--annot')).toEqual(['--annotations']);
  expect(complete(source, 'registry', 'serve', '--read')).toEqual(['--read-only']);
});

test.each(['zsh', 'fish', 'powershell'])('%s gets a script with every command in it', async (shell) => {
  const source = await script(shell);
  for (const name of ['verify', 'admit', 'serve']) expect(source).toContain(name);
});

test('an unknown shell is a usage error', async () => {
  const terminal = testTerminal();
  expect(await run(['completion', 'constructor'], terminal, never)).toBe(3);
  expect(terminal.stderr).toContain('bash, zsh, fish, powershell');
});
