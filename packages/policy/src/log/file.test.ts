import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileSink } from './file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'logs', 'decisions.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const sink = (options: Partial<ConstructorParameters<typeof FileSink>[0]> = {}) =>
  new FileSink({ path, sync: true, maxMiB: 1, keep: 2, ...options });
const lines = (file = path) => readFileSync(file, 'utf8').trimEnd().split('\n');

test('a line that was acknowledged is in the file, before the sink is closed', async () => {
  const log = sink();
  await log.write('one');
  expect(lines()).toEqual(['one']);
  await Promise.all(Array.from({ length: 100 }, (_, index) => log.write(String(index))));
  expect(lines()).toHaveLength(101);
  await log.close();
});

test('nobody else may read it: names of images and users are in it', async () => {
  const log = sink();
  await log.write('one');
  await log.close();
  expect(statSync(path).mode & 0o077).toBe(0);
});

test('what a crash cut short does not swallow the next line', async () => {
  mkdirSync(join(folder, 'logs'));
  appendFileSync(path, '{"whole":1}\n{"cut');
  const log = sink();
  await log.write('{"next":1}');
  await log.close();
  expect(lines()).toEqual(['{"whole":1}', '{"cut', '{"next":1}']);
});

test('a full file is kept under a number, the oldest one is removed, and no line is lost on the way', async () => {
  const log = sink({ sync: false });
  const text = 'x'.repeat(300 * 1024);
  for (let count = 0; count < 11; count++) await log.write(`${count}${text}`);
  await log.close();
  expect(readdirSync(join(folder, 'logs')).sort()).toEqual([
    'decisions.json',
    'decisions.json.1',
    'decisions.json.2',
  ]);
  const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) =>
    lines(file).map((line) => Number(line.split('x')[0])),
  );
  expect(kept).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  for (const file of readdirSync(join(folder, 'logs')))
    expect(statSync(join(folder, 'logs', file)).size).toBeLessThanOrEqual(1024 * 1024);
});

test('a line that cannot be written is not acknowledged, and the next one is tried', async () => {
  mkdirSync(path, { recursive: true });
  const log = sink();
  await expect(log.write('one')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', kind: 'fault' });
  rmSync(path, { recursive: true });
  await log.write('two');
  await log.close();
  expect(lines()).toEqual(['two']);
  expect(existsSync(path)).toBe(true);
});
