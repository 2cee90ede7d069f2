import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watch } from './watch.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-watch-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function sees(paths: readonly string[], change: () => void): Promise<boolean> {
  const abort = new AbortController();
  const watching = watch(paths, directory, abort.signal);
  try {
    change();
    return await watching.next();
  } finally {
    watching.close();
  }
}

test('a file that an editor puts in the place of a watched one is a change, a second time too', async () => {
  const replace = (): void => {
    writeFileSync(join(directory, 'a.tmp'), 'new');
    renameSync(join(directory, 'a.tmp'), join(directory, 'a.rego'));
  };
  writeFileSync(join(directory, 'a.rego'), 'old');
  const watching = watch(['a.rego'], directory, new AbortController().signal);
  for (let round = 0; round < 2; round++) {
    replace();
    expect(await watching.next()).toBe(true);
  }
  watching.close();
});

test('files below a directory are watched', async () => {
  mkdirSync(join(directory, 'deep/er'), { recursive: true });
  expect(await sees(['.'], () => writeFileSync(join(directory, 'deep/er/b.rego'), ''))).toBe(true);
});

test('whoever ends it is not kept waiting, and hears of no change', async () => {
  const abort = new AbortController();
  writeFileSync(join(directory, 'a.rego'), '');
  const watching = watch(['a.rego', 'missing'], directory, abort.signal);
  const next = watching.next();
  abort.abort();
  expect(await next).toBe(false);
  expect(await watching.next()).toBe(false);
  watching.close();
});
