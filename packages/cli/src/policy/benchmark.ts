import { GCProfiler } from 'node:v8';

/** What many runs of one thing came to. */
export interface Measured {
  /** Nanoseconds of every run. */
  readonly samples: Float64Array;
  /** Nanoseconds of all runs. */
  readonly totalNs: number;
  /** Bytes that all runs took from the heap of JavaScript. Buffers outside of it are not counted. */
  readonly bytes: number;
}

const WARM_UP_MS = 300;
const MEASURE_MS = 1000;
const MAX_SAMPLES = 1_000_000;

/** Runs something until the engine has compiled what is worth it; at least once. */
export function warmUp(run: () => void): void {
  const end = performance.now() + WARM_UP_MS;
  do run();
  while (performance.now() < end);
}

/** Runs something for about a second; at least once. */
export function measure(run: () => void): Measured {
  const samples = new Float64Array(MAX_SAMPLES);
  const heap = watchHeap();
  const started = performance.now();
  let count = 0;
  let before = started;
  do {
    run();
    const after = performance.now();
    samples[count++] = (after - before) * 1e6;
    before = after;
  } while (count < MAX_SAMPLES && before - started < MEASURE_MS);
  const bytes = heap();
  return { samples: samples.subarray(0, count), totalNs: (before - started) * 1e6, bytes };
}

/** Call what it returns for the bytes allocated since: by how much the heap grew, and what the collector freed meanwhile. */
function watchHeap(): () => number {
  const used = (): number => process.memoryUsage().heapUsed;
  const profiler = new GCProfiler();
  profiler.start();
  const before = used();
  return () => {
    const grown = used() - before;
    const freed = profiler
      .stop()
      .statistics.map(({ beforeGC, afterGC }) => [beforeGC, afterGC].map(heapOf) as [number, number])
      .reduce((sum, [full, swept]) => sum + full - swept, 0);
    return Math.max(0, grown + freed);
  };
}

function heapOf({ heapStatistics }: { heapStatistics: { usedHeapSize: number } }): number {
  return heapStatistics.usedHeapSize;
}

/** Small numbers with four digits that count, as Go's benchmarks show them. */
export function figure(value: number): string {
  const digits = [999.95, 99.995, 9.9995, 0.99995, 0.099995, 0.0099995, 0.00099995];
  const places = digits.findIndex((least) => value >= least);
  return value.toFixed(value === 0 ? 0 : places === -1 ? 7 : places);
}

/** One line of Go's benchmark format, behind the name: figures stand one below the other at their decimal points. */
export function goLine({ samples, totalNs, bytes }: Measured, figures: Figures, memory: boolean): string {
  const columns = [String(samples.length).padStart(8), column(totalNs / samples.length, 'ns/op')];
  for (const [unit, value] of figures) columns.push(column(value, unit));
  if (memory) columns.push(`${String(perRun(bytes, samples)).padStart(8)} B/op`);
  return columns.join('\t');
}

/** Further figures of a benchmark by their units, in the order of these. */
export type Figures = ReadonlyMap<string, number>;

function column(value: number, unit: string): string {
  const text = figure(value);
  const point = text.indexOf('.');
  return `${text.padStart(point < 0 ? 10 : 10 + text.length - point)} ${unit}`;
}

/** Whole bytes of one run. */
export function perRun(bytes: number, samples: Float64Array): number {
  return Math.floor(bytes / samples.length);
}

/** As Go shows a benchmark in JSON. How many allocations there were is not known here, and left out. */
export function benchmarkJson(measured: Measured | undefined, figures: Figures) {
  const { samples = [], totalNs = 0, bytes = 0 } = measured ?? {};
  return {
    N: samples.length,
    T: Math.round(totalNs),
    Bytes: 0,
    MemBytes: Math.round(bytes),
    Extra: measured === undefined ? null : Object.fromEntries(figures),
  };
}
