import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteBudget } from '@pratique/storage';
import { expect, onTestFinished, test } from 'vitest';
import { BatchWriter } from './batch-writer.ts';

const chunk = (index: number) => new Uint8Array(10_000).fill(index);

async function file() {
  const directory = mkdtempSync(join(tmpdir(), 'batch-writer-'));
  const path = join(directory, 'blob');
  const handle = await open(path, 'w');
  onTestFinished(async () => {
    await handle.close();
    rmSync(directory, { recursive: true });
  });
  return { path, handle };
}

test('small chunks wait for each other, and without memory for that they are written as they come', async () => {
  for (const [budget, waiting] of [
    [new ByteBudget(1_000_000), 200_000],
    [new ByteBudget(0), 64 * 1024],
  ] as const) {
    const { path, handle } = await file();
    const writer = new BatchWriter(handle, 0, budget.share());
    for (let i = 0; i < 20; i++) {
      await writer.write(chunk(i));
      expect(10_000 * (i + 1) - statSync(path).size).toBeLessThanOrEqual(waiting);
    }
    await writer.end();
    expect(readFileSync(path).equals(Buffer.concat(Array.from({ length: 20 }, (_, i) => chunk(i))))).toBe(
      true,
    );
  }
});

test('a writer gives its memory back, also when the disk fails', async () => {
  const budget = new ByteBudget(1_000_000);
  const { handle } = await file();
  const broken = await open('/dev/full', 'w').catch(() => undefined);
  for (const one of [handle, ...(broken === undefined ? [] : [broken])]) {
    const writer = new BatchWriter(one, 0, budget.share());
    await writer.write(new Uint8Array(900_000));
    await writer.end().catch(() => {});
  }
  await broken?.close();
  expect(budget.share().take(1_000_000)).toBe(true);
});
