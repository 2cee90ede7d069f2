import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pratique } from '../../../../test/support/pratique.ts';

/** The exit code of a command whose standard error, or output, nobody reads from the start. */
async function exitCodeUnread(stream: 'stdout' | 'stderr', args: readonly string[]): Promise<number | null> {
  const [command, ...prefix] = pratique;
  const child = spawn(command, [...prefix, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child[stream].destroy();
  return await new Promise((resolve) => child.once('close', resolve));
}

test('a failure whose report is not read to its end (2>&1 | head -1) is a failure all the same', async () => {
  expect(await exitCodeUnread('stderr', ['verify', '--nope'])).toBe(3);
});

test('output that is not read to its end is no failure', async () => {
  expect(await exitCodeUnread('stdout', ['version'])).toBe(0);
});

test.skipIf(!existsSync('/dev/full'))(
  'output that cannot be written is a failure that says why',
  async () => {
    const [command, ...prefix] = pratique;
    const child = spawn(command, [...prefix, 'version'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let told = '';
    child.stderr!.on('data', (chunk) => (told += chunk));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(told).toContain('FILE_UNWRITABLE: cannot write standard output: no space is left on the device');
  },
);

test.skipIf(process.platform === 'win32')(
  'one Ctrl-C ends an import that waits for who writes the pipe',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pratique-pipe-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [command, ...prefix] = pratique;
    const args = ['db', 'import', '--db', join(folder, 'a.db'), pipe];
    const child = spawn(command, [...prefix, ...args], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(by ?? code)));
    // Opened once somebody reads.
    const writer = await open(pipe, 'w');
    child.kill('SIGINT');
    expect(['SIGINT', 130]).toContain(await ended);
    await writer.close();
  },
);

test.skipIf(process.platform === 'win32')('Ctrl-C ends a test of a policy that does not end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pratique-endless-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const numbers = 'some x in numbers.range(1, 30000); some y in numbers.range(1, 30000)';
  const endless = `package a_test\n\ntest_endless if count([1 | ${numbers}; x * y == 7]) == 0\n`;
  writeFileSync(join(folder, 'a_test.rego'), endless);
  const [command, ...prefix] = pratique;
  const args = ['policy', 'test', '--timeout', '1h', folder];
  const child = spawn(command, [...prefix, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(by ?? code)));
  const impatience = setInterval(() => child.kill('SIGINT'), 500);
  expect(['SIGINT', 130]).toContain(await ended);
  clearInterval(impatience);
});

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends an evaluation that does not',
  async (signal) => {
    const [command, ...prefix] = pratique;
    const endless =
      'count([1 | some x in numbers.range(1, 30000); some y in numbers.range(1, 30000); x * y == input])';
    const child = spawn(command, [...prefix, 'policy', 'eval', '-I', endless], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(by ?? code)));
    await new Promise<void>((resolve) => child.stdin!.end('7', resolve));
    // Wherever it is by then: listeners end it too, and one that comes while they are taken away is lost.
    const impatience = setInterval(() => child.kill(signal), 500);
    expect([signal, 130]).toContain(await ended);
    clearInterval(impatience);
  },
);
