/**
 * The private Sigstore's log: durable appends a second at 1, 10 and 100 clients, on an empty log and on a large one,
 * beside what the disk can do at most with one flush an append: `fdatasync` of the same bytes in a row.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableLog } from '../../packages/sigstore-server/src/log/log.ts';
import { median, time } from '../measure.ts';
import type { Row } from '../row.ts';

/** What an entry with a certificate takes. */
const leafBytes = 1500;
const appends = 2000;
const largeTree = 200_000;

export async function logRows(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-bench-log-'));
  try {
    const limit = flushesPerSecond(directory);
    const log = new DurableLog({ directory: join(directory, 'log'), checkpoint: (size) => `${size}` });
    const rows = await measure(log, limit, 'empty log');
    await fill(log, largeTree);
    rows.push(...(await measure(log, limit, `log of ${log.tree.size} entries`)));
    await log.close();
    return rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The physical limit of one client that waits for each append. */
function flushesPerSecond(directory: string): number {
  const file = openSync(join(directory, 'flushes'), 'w');
  const bytes = new Uint8Array(leafBytes);
  const count = 300;
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const seconds = (performance.now() - began) / 1000;
  closeSync(file);
  return count / seconds;
}

async function measure(log: DurableLog, limit: number, which: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const clients of [1, 10, 100]) {
    const waits: number[] = [];
    const each = Math.ceil(appends / clients);
    const milliseconds = await time(() =>
      Promise.all(
        Array.from({ length: clients }, async () => {
          for (let i = 0; i < each; i++) waits.push(await time(() => log.append(entry())));
        }),
      ),
    );
    const perSecond = (clients * each * 1000) / milliseconds;
    const sorted = waits.toSorted((a, b) => a - b);
    const p99 = sorted[Math.floor(sorted.length * 0.99)]!;
    rows.push({
      what: `durable appends, ${clients} clients, ${which} (median ${median(waits).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms)`,
      ours: perSecond,
      peer: limit,
      unit: 'appends/s',
      ratio: perSecond / limit,
      peerName: 'fdatasync in a row',
    });
  }
  return rows;
}

async function fill(log: DurableLog, size: number): Promise<void> {
  while (log.tree.size < size) {
    await Promise.all(Array.from({ length: 5000 }, () => log.append(entry())));
  }
}

let count = 0;

/** An entry unlike any other. */
function entry() {
  const leaf = new Uint8Array(leafBytes);
  new DataView(leaf.buffer).setUint32(0, count++);
  return { leaf, extra: new Uint8Array(100), time: new Date() };
}
