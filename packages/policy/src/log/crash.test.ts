import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Logs decisions as fast as it can, over several files, and prints the number of each that was acknowledged. */
const program = (path: string) => `
  const { FileSink } = await import(${JSON.stringify(import.meta.resolve('./file.ts'))});
  const sink = new FileSink({ path: ${JSON.stringify(path)}, sync: true, maxMiB: 1, keep: 100 });
  let next = 0;
  const worker = async () => {
    for (;;) {
      const n = next++;
      await sink.write(JSON.stringify({ n, fill: 'x'.repeat(20_000) }));
      process.stdout.write(n + '\\n');
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
`;

test('a process that is killed has lost no decision that was acknowledged, rotations included', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  const path = join(folder, 'd.json');
  try {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(path)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (printed.length > 1_500) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    expect(child.signalCode).toBe('SIGKILL');
    const acknowledged = printed.split('\n').slice(0, -1).map(Number);
    const kept = new Set<number>();
    // A kill may fall between two renames of a rotation, so that a number is missing: all files count.
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      // Only a last line may be cut short, and only one that was not acknowledged.
      for (const line of text.split('\n').slice(0, -1)) kept.add((JSON.parse(line) as { n: number }).n);
    }
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(acknowledged.filter((n) => !kept.has(n))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
