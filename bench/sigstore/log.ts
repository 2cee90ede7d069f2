/**
 * The private Sigstore's log: durable appends a second at 1, 10 and 100 clients, on a large log and on a new one, in turns,
 * and beside what the disk can do at most with one flush an append: `fdatasync` of the same bytes in a row, in turns too.
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
  /** Milliseconds an append takes. */
  readonly median: number;
  readonly p99: number;
}

/** A log, and how long appends to it took. */
class Subject {
  readonly log: DurableLog;
  readonly #path: string;
  #waits: number[] = [];
  #milliseconds = 0;

  constructor(directory: string) {
    this.#path = directory;
    this.log = new DurableLog({ directory, checkpoint: ({ size }) => ({ size, note: `${size}` }) });
  }

  /** Appends by clients that each wait for theirs. */
  async append(clients: number, each: number): Promise<void> {
    this.#milliseconds += await time(() =>
      Promise.all(
        Array.from({ length: clients }, async () => {
          for (let i = 0; i < each; i++)
            this.#waits.push(await time(() => this.log.append(entry(leafBytes))));
        }),
      ),
    );
  }

  /** Resolves when the static files hold all of the log. */
  async published(): Promise<void> {
    const checkpoint = join(this.#path, 'checkpoint');
    const isPublished = () =>
      existsSync(checkpoint) && readFileSync(checkpoint, 'utf8') === `${this.log.tree.size}`;
    while (!isPublished()) await wait(20);
  }

  /** What was measured since it was last asked. */
  rate(): Rate {
    const sorted = this.#waits.toSorted((a, b) => a - b);
    const rate = {
      perSecond: (sorted.length * 1000) / this.#milliseconds,
      median: median(sorted),
      p99: sorted[Math.floor(sorted.length * 0.99)]!,
    };
    [this.#waits, this.#milliseconds] = [[], 0];
    return rate;
  }
}

export async function logRows(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-bench-log-'));
  const flushed = openSync(join(directory, 'flushes'), 'w');
  const large = new Subject(join(directory, 'large'));
  try {
    await fill(large.log);
    const rows: Row[] = [];
    const flat: Row[] = [];
    for (const { clients, appends } of loads) {
      const small = new Subject(join(directory, `new-${clients}`));
      const each = Math.ceil(appends / rounds / clients);
      const limits: number[] = [];
      await Promise.all([large.published(), small.append(clients, each)]);
      small.rate();
      for (let round = 0; round < rounds; round++) {
        for (const subject of round % 2 === 0 ? [large, small] : [small, large])
          await subject.append(clients, each);
        limits.push(flushesPerSecond(flushed));
      }
      const [largeRate, smallRate, limit] = [large.rate(), small.rate(), median(limits)];
      await small.log.close();
      const size = `${large.log.tree.size.toLocaleString('en')} entries`;
      rows.push(row(smallRate, limit, clients, 'new log'), row(largeRate, limit, clients, `log of ${size}`));
      flat.push({
        what: `durable appends, ${clients} clients, with ${size} beside a new log`,
        ours: largeRate.perSecond,
        peer: smallRate.perSecond,
        unit: 'appends/s',
        ratio: largeRate.perSecond / smallRate.perSecond,
        goal: flatGoal,
        peerName: 'new log',
      });
    }
    return [...rows, ...flat];
  } finally {
    await large.log.close();
    closeSync(flushed);
    rmSync(directory, { recursive: true, force: true });
  }
}

function row({ perSecond, ...waits }: Rate, limit: number, clients: number, which: string): Row {
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
