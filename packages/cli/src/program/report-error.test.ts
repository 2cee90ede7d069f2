import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '@pratique/crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseFile } from './parse-file.ts';
import { readFile } from './read-file.ts';
import { asPratiqueError, errorText } from './report-error.ts';
import { writeFile } from './write-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function told(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return errorText(asPratiqueError(thrown), false);
  }
  throw new Error('nothing was thrown');
}

test('a file that cannot be read is named, with the reason in words', () => {
  expect(told(() => readFile('nope.pub', directory))).toMatch(
    /^error FILE_UNREADABLE: cannot read nope\.pub: there is no such file or directory\n {2}try/,
  );
  mkdirSync(join(directory, 'folder'));
  expect(told(() => readFile('folder', directory))).toContain('cannot read folder: it is a directory');
});

test('a file that holds something else is named too', () => {
  writeFileSync(join(directory, 'notes.txt'), 'not JSON');
  const parse = () => parseFile('notes.txt', directory, (bytes) => parseJson(bytes, 'the bundle'));
  expect(told(parse)).toMatch(/^error ENCODING_INVALID: notes\.txt: the bundle is not JSON/);
});

test('a file that cannot be written is a fault, and not a mistake in the call', () => {
  expect(told(() => writeFile('missing/out', '', directory))).toMatch(
    /^error FILE_UNWRITABLE: cannot write missing\/out: there is no such file or directory/,
  );
});

test.each([
  [{ code: 'ENOSPC', syscall: 'write' }, 'FILE_UNWRITABLE', 'write: no space is left on the device'],
  [{ code: 'EACCES', syscall: 'mkdir', path: '/data' }, 'FILE_UNWRITABLE', '/data: permission denied'],
  [{ code: 'ENOTDIR', syscall: 'open', path: '/a/b' }, 'FILE_UNREADABLE', '/a/b: a part of the path'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 13 }, 'FILE_UNWRITABLE', 'a database: full'],
  [{ code: 'EACCES', syscall: 'listen' }, 'INTERNAL', 'full'],
])('%j is not taken for a defect of the program', (properties, code, message) => {
  const error = asPratiqueError(Object.assign(new Error('full'), properties));
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});
