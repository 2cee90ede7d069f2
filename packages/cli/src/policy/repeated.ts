import type { ExpressionStats, GoJson } from '@pratique/rego';

/** How the times of several runs are spread, in nanoseconds, by OPA's names. */
export interface Spread {
  readonly [name: string]: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly '90%': number;
  readonly '99%': number;
}

/** One line of a policy over several runs, in the shape of `opa eval --profile --count`. */
export interface RepeatedStats extends Omit<ExpressionStats, 'total_time_ns'> {
  readonly total_time_ns_stats: Spread;
}

/**
 * The spread of at least one time. Between two times a percentile is in proportion, at `share × (n + 1)` from one, as
 * OPA's histograms have it; the deviation is that of the population.
 */
export function spread(times: ArrayLike<number>): Spread {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number): number => {
    const place = share * (sorted.length + 1);
    const below = Math.min(Math.max(Math.floor(place), 1), sorted.length);
    const [low, high] = [sorted[below - 1]!, sorted[Math.min(below, sorted.length - 1)]!];
    return place < 1 ? low : low + (place - below) * (high - low);
  };
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  const variance = sorted.reduce((sum, time) => sum + (time - mean) ** 2, 0) / sorted.length;
  return {
    '75%': at(0.75),
    '90%': at(0.9),
    '95%': at(0.95),
    '99%': at(0.99),
    '99.9%': at(0.999),
    '99.99%': at(0.9999),
    count: sorted.length,
    max: sorted.at(-1)!,
    mean,
    median: at(0.5),
    min: sorted[0]!,
    stddev: Math.sqrt(variance),
  };
}

/** The spread of each timer of several runs. */
export function repeatedMetrics(runs: readonly Readonly<Record<string, number>>[]): Record<string, Spread> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, spread(runs.map((run) => run[name]!))]));
}

/** The lines of the first run in its order, each with the times of all runs: the policies and the input are the same. */
export function repeatedProfile(
  runs: readonly (readonly ExpressionStats[])[],
  limit: number,
): RepeatedStats[] {
  const key = ({ location }: ExpressionStats): string => `${location.row} ${location.file}`;
  const times = Map.groupBy(runs.flat(), key);
  const lines = (runs[0] ?? []).map(({ total_time_ns: _, ...line }, index) => ({
    total_time_ns_stats: spread(times.get(key(runs[0]![index]!))!.map((stats) => stats.total_time_ns)),
    ...line,
  }));
  return limit > 0 ? lines.slice(0, limit) : lines;
}

/** A number in the form of Go's `%g`. */
export function goNumber(value: number): string {
  if (Math.abs(value) < 1e6) return String(value);
  return value.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}

/** The members of a spread that tables have. */
export function spreadCells(
  { min, max, mean, ...spread }: Spread,
  text: (value: number, whole: boolean) => string,
): string[] {
  return [
    text(min, true),
    text(max, true),
    text(mean, false),
    text(spread['90%'], false),
    text(spread['99%'], false),
  ];
}

export const SPREAD_HEADINGS = ['Min', 'Max', 'Mean', '90%', '99%'];

/** What several runs came to beside their results. */
export interface Repeated {
  readonly metrics: Record<string, Spread>;
  readonly profile: readonly RepeatedStats[] | undefined;
}

/** Interfaces have no index signature, which is all that keeps them from being a `GoJson`. */
export function asJson(value: unknown): GoJson {
  return value as GoJson;
}
