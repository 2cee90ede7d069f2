/** The part of the API server's patience that is used: the rest is for the way there and back. */
const share = 0.8;

/**
 * How long a decision may take: `deadlineMs`, or less where the API server says (`?timeout=10s`, a Go duration) that
 * it will have given up by then. An answer that is late is no answer, and with `failurePolicy: Ignore` an allow.
 */
export function innerDeadline(deadlineMs: number, timeout: string | undefined): number {
  const given = timeout === undefined ? undefined : parseGoDuration(timeout);
  if (given === undefined || given <= 0) return deadlineMs;
  return Math.max(1, Math.min(deadlineMs, Math.floor(given * share)));
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a Go duration such as `10s`, `1m30s`, `500ms`; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d{1,6}(\.\d{1,3})?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * units[unit!]!;
  }
  return total;
}
