import fc from 'fast-check';
import { expect, test } from 'vitest';
import { style } from '../program/style.ts';
import { milliseconds } from './duration.ts';
import { lineDiff } from './line-diff.ts';

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 30 })
  .map((lines) => `${lines.join('\n')}\n`);

/** What `patch` does with a unified diff. */
function patched(before: string, diff: string): string {
  const source = before.replace(/\n$/, '').split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.replace(/\n$/, '').split('\n').slice(2)) {
    const hunk = /^@@ -(\d+),(\d+) \+/.exec(line);
    if (hunk) {
      while (at < Number(hunk[1]) - 1) out.push(source[at++]!);
    } else if (line.startsWith('+')) out.push(line.slice(1));
    else {
      expect(source[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) out.push(line.slice(1));
      at++;
    }
  }
  return `${[...out, ...source.slice(at)].join('\n')}\n`;
}

test('a diff, applied, gives the other text', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patched(before, lineDiff('a.rego', before, after, style(false)))).toBe(after);
    }),
  );
});

test('durations are Go’s, and anything else is a usage error and no time', () => {
  expect(milliseconds('timeout', '1m30.5s')).toBe(90_500);
  expect(milliseconds('timeout', '250ms')).toBe(250);
  expect(milliseconds('timeout', '0s')).toBeUndefined();
  for (const wrong of ['', '5', 's', '-1s', '1 s', '1s junk', 'soon']) {
    expect(() => milliseconds('timeout', wrong), wrong).toThrow('--timeout is not a duration');
  }
});
