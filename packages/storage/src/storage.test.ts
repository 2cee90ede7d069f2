import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  lockDirectory,
  makeDirectories,
  makeDirectorySync,
  readOrCreate,
  replaceDurably,
  replaceFile,
} from './index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-storage-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a directory is locked once a purpose, and free again when let go', async () => {
  const unlock = await lockDirectory(directory, 'test');
  expect(unlock).toBeDefined();
  expect(await lockDirectory(directory, 'test')).toBeUndefined();
  const other = await lockDirectory(directory, 'other');
  expect(other).toBeDefined();
  await unlock!();
  const again = await lockDirectory(directory, 'test');
  expect(again).toBeDefined();
  await Promise.all([again!(), other!()]);
});

test('the lock is of the directory, whatever path leads to it', async () => {
  mkdirSync(join(directory, 'sub'));
  const unlock = await lockDirectory(directory, 'test');
  expect(await lockDirectory(join(directory, 'sub', '..'), 'test')).toBeUndefined();
  await unlock!();
});

test('the lock of a deleted directory does not keep anybody off a new one, which may get its inode', async () => {
  const inside = (name: string) => join(directory, name);
  mkdirSync(inside('deleted'));
  const unlock = await lockDirectory(inside('deleted'), 'test');
  rmSync(inside('deleted'), { recursive: true });
  for (let i = 0; i < 20; i++) {
    mkdirSync(inside(`new-${i}`));
    const other = await lockDirectory(inside(`new-${i}`), 'test');
    expect(other).toBeDefined();
    await other!();
  }
  await unlock!();
});

test('a replaced file holds the new content and leaves nothing beside it', async () => {
  mkdirSync(join(directory, 'tmp'));
  await replaceDurably(join(directory, 'tmp'), directory, 'a', new TextEncoder().encode('one'));
  await replaceDurably(join(directory, 'tmp'), directory, 'a', new TextEncoder().encode('two'));
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('two');
  expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
});

test('a file that cannot be replaced is as it was, with nothing half written beside it', () => {
  mkdirSync(join(directory, 'taken', 'inside'), { recursive: true });
  expect(() => replaceFile(join(directory, 'taken'), 'new')).toThrow();
  expect(readdirSync(directory)).toEqual(['taken']);
});

test('a secret is readable by its owner only, and made once', () => {
  const path = join(directory, 'keys', 'secret');
  expect(readOrCreate(path, () => 'first', true)).toBe('first');
  expect(readOrCreate(path, () => 'second', true)).toBe('first');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  replaceFile(path, 'third', true);
  expect(readFileSync(path, 'utf8')).toBe('third');
  expect(readdirSync(join(directory, 'keys'))).toEqual(['secret']);
});

test('directories are made where they are missing, and the first of them is told', () => {
  const inside = (...names: string[]) => join(directory, ...names);
  expect(makeDirectories(inside('a', 'b', 'c'), 0o700)).toBe(inside('a'));
  expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(inside(name)).mode & 0o777)).toEqual([
    0o700, 0o700, 0o700,
  ]);
  expect(makeDirectories(inside('a', 'b'))).toBeUndefined();
  expect(makeDirectories(inside('a', '..', 'a', 'd'))).toBe(inside('a', 'd'));
  writeFileSync(inside('file'), '');
  expect(() => makeDirectories(inside('file', 'x'))).toThrow(/EEXIST|ENOTDIR/);
});

test.skipIf(process.platform !== 'linux')('where no directory can be made, that is said', () => {
  expect(() => makeDirectories('/proc/none/x')).toThrow('ENOENT');
  expect(() => makeDirectorySync('/proc/none')).toThrow('ENOENT');
});
