import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isThere, readNamedFile } from './index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-named-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a file is read to its end, and one byte too many is refused', () => {
  const path = join(directory, 'file');
  writeFileSync(path, 'x'.repeat(200_000));
  expect(readNamedFile(path, 200_000)).toEqual(new TextEncoder().encode('x'.repeat(200_000)));
  expect(() => readNamedFile(path, 199_999)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
});

test('what is no file says what it is', () => {
  expect(() => readNamedFile(directory, 10)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  expect(() => readNamedFile(join(directory, 'none'), 10)).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  );
});

test.skipIf(!existsSync('/dev/zero'))(
  'a device that never ends is not begun; the one without anything is empty',
  () => {
    expect(() => readNamedFile('/dev/zero', 10)).toThrow(expect.objectContaining({ code: 'NOT_A_FILE' }));
    expect(readNamedFile('/dev/null', 10)).toEqual(new Uint8Array());
  },
);

test.skipIf(!existsSync('/proc/self/status'))(
  'a file of the kernel, which has no size, is read and bounded',
  () => {
    expect(new TextDecoder().decode(readNamedFile('/proc/self/status', 1 << 20))).toMatch(/^Pid:/m);
    expect(() => readNamedFile('/proc/self/status', 10)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  },
);

test.skipIf(process.platform === 'win32')(
  'a pipe is read to its end, and one that has none ends at the limit',
  async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const writes = (script: string) => spawn('sh', ['-c', script, 'sh', path], { stdio: 'ignore' });
    const ended = writes('printf one > "$1"; sleep 0.2; exec yes > "$1"');
    expect(new TextDecoder().decode(readNamedFile(path, 100))).toBe('one');
    expect(() => readNamedFile(path, 100_000)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    await new Promise((resolve) => ended.once('exit', resolve));
  },
);

test('what may not be looked for is not taken for what is not there', () => {
  expect(isThere(directory)).toBe(true);
  expect(isThere(join(directory, 'none'))).toBe(false);
  // Permissions do not hold the superuser, whom tests may run as; a circle of links holds everybody.
  symlinkSync('circle', join(directory, 'circle'));
  expect(() => isThere(join(directory, 'circle', 'file'))).toThrow(
    expect.objectContaining({ code: 'ELOOP' }),
  );
});
