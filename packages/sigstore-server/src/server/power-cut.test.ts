import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a power cut at any moment leaves published checkpoints with all their tiles, and loses nothing acknowledged', async () => {
  const script = fileURLToPath(new URL('../testing/power-cuts.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, '6']);
  expect(stdout).toMatch(/^6 power cuts/);
}, 180_000);
