import type { style } from '../program/style.ts';

const CONTEXT = 3;
/** Above this many line pairs, everything between the first and the last change is shown as changed. */
const MAX_PAIRS = 4_000_000;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** What changes from one text to another, as unified diff. */
export function lineDiff(file: string, before: string, after: string, c: ReturnType<typeof style>): string {
  const lines = compare(before.replace(/\n$/, '').split('\n'), after.replace(/\n$/, '').split('\n'));
  const out = [`--- ${file}`, `+++ ${file} (formatted)`];
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  let [left, right] = [1, 1];
  for (const [index, { sign, text }] of lines.entries()) {
    if (near[index] && !near[index - 1]) {
      const length = lines.slice(index).findIndex((_, at) => !near[index + at]);
      const hunk = lines.slice(index, length === -1 ? undefined : index + length);
      const count = (not: string): number => hunk.filter((line) => line.sign !== not).length;
      out.push(`@@ -${left},${count('+')} +${right},${count('-')} @@`);
    }
    if (near[index]) {
      const line = sign + text;
      out.push(sign === '-' ? c.red(line) : sign === '+' ? c.green(line) : line);
    }
    if (sign !== '+') left++;
    if (sign !== '-') right++;
  }
  return `${out.join('\n')}\n`;
}

/** The longest common subsequence of the lines between the common start and the common end. */
function compare(a: readonly string[], b: readonly string[]): Line[] {
  let [start, end] = [0, 0];
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = (text: string): Line => ({ sign: ' ', text });
  return [...a.slice(0, start).map(same), ...middle(left, right), ...a.slice(a.length - end).map(same)];
}

function middle(a: readonly string[], b: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ sign: '-', text });
  const added = (text: string): Line => ({ sign: '+', text });
  if (a.length * b.length > MAX_PAIRS) return [...a.map(removed), ...b.map(added)];
  const columns = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * columns);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const skip = Math.max(lengths[(i + 1) * columns + j]!, lengths[i * columns + j + 1]!);
      lengths[i * columns + j] = a[i] === b[j] ? lengths[(i + 1) * columns + j + 1]! + 1 : skip;
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i++]! });
      j++;
    } else if (lengths[(i + 1) * columns + j]! >= lengths[i * columns + j + 1]!) lines.push(removed(a[i++]!));
    else lines.push(added(b[j++]!));
  }
  return [...lines, ...a.slice(i).map(removed), ...b.slice(j).map(added)];
}
