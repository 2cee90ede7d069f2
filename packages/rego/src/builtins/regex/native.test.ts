import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { nativePattern } from './native.ts';

describe('patterns the platform may test', () => {
  test.each([
    '^v[0-9]+\\.[0-9]+$',
    '^docker\\.io/.+$',
    '^registry\\.example\\.com/.+@sha256:[a-f0-9]{64}$',
    '^[a-z][a-z0-9-]*$',
    'latest$',
    'foo|bar|^baz.*$',
    '^\\d{4}-\\d{2}-\\d{2}',
    '^https?://',
    '^registry\\.example/team-(7|1[0-9])/[a-z][a-z0-9-]*:v[0-9]+\\.[0-9]+$',
    '^(?:http|https)://(a|(b|c)d)$',
  ])('%s', (pattern) => {
    expect(nativePattern(pattern)).toBeInstanceOf(RegExp);
  });

  test.each([
    ['groups that repeat', '^(a|b)+$'],
    ['groups that repeat by count', '^(a|b){2}$'],
    ['groups with flags', '^(?i:a)$'],
    ['named groups', '^(?P<x>a)$'],
    ['anchors in groups', '(^a|b)'],
    ['groups left open', '^(a'],
    ['groups not opened', '^a)'],
    ['groups whose alternative repeats what follows, twice', '^(a*|b)a*b$'],
    ['more choices than are looked at', '(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)'],
    ['a repetition of what follows it, twice', '^a*a*b$'],
    ['a repetition before a repeated tail', '^.+a*$'],
    ['an optional that may also be what follows', '^a?a?a?aaa$'],
    ['a repetition without anchor, which is tried from everywhere', '[0-9]+x'],
    ['flags', '(?i)abc'],
    ['Unicode classes', '^\\pL+$'],
    ['assertions', '\\bfoo'],
    ['lazy repetitions', '^a+?b'],
    ['white space classes, which differ', '^\\s+$'],
    ['text that is not ASCII', '^é$'],
    ['ranges across kinds', '^[A-z]$'],
  ])('not %s', (_name, pattern) => {
    expect(nativePattern(pattern)).toBeUndefined();
  });
});

test('the platform answers as RE2 for every pattern it may test', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '-',
    '.',
    '\\.',
    '[ab]',
    '[^a]',
    '[a-c]',
    '[a-]',
    '\\d',
    '\\w',
    '[^\\d-]',
    '(a|b-)',
    '(?:[ab]|a\\d+)',
    '(a|(b|-)c?)',
    '(|a)',
    '(a*)',
    '|',
    '^',
    '$',
  );
  const quantifier = fc.constantFrom('', '', '?', '*', '+', '{2}');
  const pattern = fc
    .array(fc.tuple(piece, quantifier), { maxLength: 7 })
    .map((parts) => parts.map(([set, times]) => set + times).join(''));
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', '-', '.', '1', '\n', '\u2028', 'é', '😀', '\ud800'),
    maxLength: 9,
  });
  let tested = 0;
  fc.assert(
    fc.property(
      pattern,
      fc.boolean(),
      fc.array(text, { minLength: 8, maxLength: 8 }),
      (body, anchored, texts) => {
        const whole = `${anchored ? '^' : ''}${body}`;
        const native = nativePattern(whole);
        if (native === undefined) return;
        const reference = RE2JS.compile(whole);
        tested++;
        for (const given of texts)
          expect({ whole, given, found: native.test(given) }).toEqual({
            whole,
            given,
            found: reference.test(given),
          });
      },
    ),
    { numRuns: 3_000 },
  );
  expect(tested).toBeGreaterThan(300);
});
