/**
 * The private Sigstore's log: durable appends a second at 1, 10 and 100 clients, on a new log and on a large one,
 * beside what the disk can do at most with one flush an append: `fdatasync` of the same bytes in a row, measured in turns.
 * Both logs get the same number of appends, enough that tiles are published meanwhile, and begin with all published; the
 * rate is over the whole time, with the moments in which something else was in the way.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DurableLog } from '../../packages/sigstore-server/src/log/log.ts';
import { median, time } from '../measure.ts';
import type { Row } from '../row.ts';

/** What an entry with a certificate takes. */
const leafBytes = 1500;
/** Entries that only make the tree large. */
const fillerBytes = 200;
const rounds = 10;
const flushesPerRound = 50;
const largeTree = 1_000_000;
/** The tree is as large as it is after so long. */
const longestFillMs = 180_000;
/** Of the rate on a new log: what counts as flat beside the noise of a disk. */
const flatGoal = 0.8;
/** How much is appended by so many clients: some seconds' worth, for a publication comes once a second. */
const loads = [
  { clients: 1, appends: 3_000 },
  { clients: 10, appends: 15_000 },
  { clients: 100, appends: 80_000 },
] as const;

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
    const path = join(directory, 'log');
    const log = new DurableLog({ directory: path, checkpoint: (size) => `${size}` });
    const rates = async () => {
      const all: Rate[] = [];
      for (const { clients, appends } of loads) {
        await published(path, log);
        all.push(await measure(log, flushed, clients, appends));
      }
      return all;
    };
    await measure(log, flushed, 10, 3_000);
    const small = await rates();
    await fill(log);
    const size = log.tree.size;
    const large = await rates();
    await log.close();
    return [
      ...small.map((rate, i) => row(rate, loads[i]!.clients, 'new log')),
      ...large.map((rate, i) => row(rate, loads[i]!.clients, `log of ${size.toLocaleString('en')} entries`)),
      ...large.map((rate, i) => flatness(rate, small[i]!, loads[i]!.clients, size)),
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
    what: `durable appends, ${clients} clients, with ${size.toLocaleString('en')} entries beside a new log`,
    ours: large.perSecond / large.limit,
    peer: small.perSecond / small.limit,
    unit: 'of limit',
    ratio: large.perSecond / large.limit / (small.perSecond / small.limit),
    goal: flatGoal,
    peerName: 'new log',
  };
}

/** Appends by clients that each wait for theirs, in turns with the bare flushes that are the limit of one client. */
async function measure(log: DurableLog, flushed: number, clients: number, appends: number): Promise<Rate> {
  const waits: number[] = [];
  let milliseconds = 0;
  const limits: number[] = [];
  const each = Math.ceil(appends / rounds / clients);
  for (let round = 0; round < rounds; round++) {
    milliseconds += await time(() =>
      Promise.all(
        Array.from({ length: clients }, async () => {
          for (let i = 0; i < each; i++) waits.push(await time(() => log.append(entry(leafBytes))));
        }),
      ),
    );
    limits.push(flushesPerSecond(flushed));
  }
  const sorted = waits.toSorted((a, b) => a - b);
  return {
    perSecond: (waits.length * 1000) / milliseconds,
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

/** Waits until the static files hold all of the log. */
async function published(path: string, log: DurableLog): Promise<void> {
  const checkpoint = join(path, 'checkpoint');
  while (!existsSync(checkpoint) || readFileSync(checkpoint, 'utf8') !== `${log.tree.size}`) await wait(20);
}

let count = 0;

/** An entry unlike any other. */
function entry(bytes: number) {
  const leaf = new Uint8Array(bytes);
  new DataView(leaf.buffer).setUint32(0, count++);
  return { leaf, extra: new Uint8Array(100), time: new Date() };
}
