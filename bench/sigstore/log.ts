/**
 * The private Sigstore's log: durable appends a second at 1, 10 and 100 clients, on an empty log and on a large one,
 * beside what the disk can do at most with one flush an append: `fdatasync` of the same bytes in a row, measured in turns.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableLog } from '../../packages/sigstore-server/src/log/log.ts';
import { median, time } from '../measure.ts';
import type { Row } from '../row.ts';

/** What an entry with a certificate takes. */
const leafBytes = 1500;
/** Entries that only make the tree large. */
const fillerBytes = 200;
const rounds = 10;
const appendsPerRound = 300;
const flushesPerRound = 50;
const largeTree = 1_000_000;
/** The tree is as large as it is after so long. */
const longestFillMs = 180_000;
/** Of the rate on an empty log: what counts as flat beside the noise of a disk. */
const flatGoal = 0.8;
const clientCounts = [1, 10, 100];

interface Rate {
  readonly perSecond: number;
  readonly limit: number;
  readonly median: number;
  readonly p99: number;
}

export async function logRows(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-bench-log-'));
  const flushed = openSync(join(directory, 'flushes'), 'w');
  try {
    const log = new DurableLog({ directory: join(directory, 'log'), checkpoint: (size) => `${size}` });
    const rates = async () => {
      const all: Rate[] = [];
      for (const clients of clientCounts) all.push(await measure(log, flushed, clients));
      return all;
    };
    await measure(log, flushed, 10);
    const small = await rates();
    await fill(log);
    const size = log.tree.size;
    const large = await rates();
    await log.close();
    return [
      ...small.map((rate, i) => row(rate, clientCounts[i]!, 'empty log')),
      ...large.map((rate, i) => row(rate, clientCounts[i]!, `log of ${size.toLocaleString('en')} entries`)),
      ...large.map((rate, i) => flatness(rate, small[i]!, clientCounts[i]!, size)),
    ];
  } finally {
    closeSync(flushed);
    rmSync(directory, { recursive: true, force: true });
  }
}

function row({ perSecond, limit, ...waits }: Rate, clients: number, which: string): Row {
  const said = `median ${waits.median.toFixed(1)} ms, p99 ${waits.p99.toFixed(1)} ms`;
  return {
    what: `durable appends, ${clients} clients, ${which} (${said})`,
    ours: perSecond,
    peer: limit,
    unit: 'appends/s',
    ratio: perSecond / limit,
    peerName: 'fdatasync in a row',
  };
}

function flatness(large: Rate, small: Rate, clients: number, size: number): Row {
  return {
    what: `durable appends, ${clients} clients, with ${size.toLocaleString('en')} entries beside an empty log`,
    ours: large.perSecond / large.limit,
    peer: small.perSecond / small.limit,
    unit: 'of limit',
    ratio: large.perSecond / large.limit / (small.perSecond / small.limit),
    goal: flatGoal,
    peerName: 'empty log',
  };
}

/** Appends by clients that each wait for theirs, in turns with the bare flushes that are the limit of one client. */
async function measure(log: DurableLog, flushed: number, clients: number): Promise<Rate> {
  const waits: number[] = [];
  const rates: number[] = [];
  const limits: number[] = [];
  const each = Math.ceil(appendsPerRound / clients);
  for (let round = 0; round < rounds; round++) {
    const milliseconds = await time(() =>
      Promise.all(
        Array.from({ length: clients }, async () => {
          for (let i = 0; i < each; i++) waits.push(await time(() => log.append(entry(leafBytes))));
        }),
      ),
    );
    rates.push((clients * each * 1000) / milliseconds);
    limits.push(flushesPerSecond(flushed));
  }
  const sorted = waits.toSorted((a, b) => a - b);
  return {
    perSecond: median(rates),
    limit: median(limits),
    median: median(waits),
    p99: sorted[Math.floor(sorted.length * 0.99)]!,
  };
}

function flushesPerSecond(file: number): number {
  const bytes = new Uint8Array(leafBytes);
  const began = performance.now();
  for (let i = 0; i < flushesPerRound; i++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  return (flushesPerRound * 1000) / (performance.now() - began);
}

/** Makes the tree large, in batches that share a flush. */
async function fill(log: DurableLog): Promise<void> {
  const until = performance.now() + longestFillMs;
  while (log.tree.size < largeTree && performance.now() < until)
    await Promise.all(Array.from({ length: 5000 }, () => log.append(entry(fillerBytes))));
}

let count = 0;

/** An entry unlike any other. */
function entry(bytes: number) {
  const leaf = new Uint8Array(bytes);
  new DataView(leaf.buffer).setUint32(0, count++);
  return { leaf, extra: new Uint8Array(100), time: new Date() };
}
