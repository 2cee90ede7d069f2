import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesWildcard } from './wildcard.ts';

test.each([
  ['openssl', 'openssl', true],
  ['openssl', 'openssl-dev', false],
  ['openssl*', 'openssl-dev', true],
  ['*ssl*', 'openssl-dev', true],
  ['pkg:npm/*@1.*', 'pkg:npm/left-pad@1.3.0', true],
  ['pkg:npm/*@1.*', 'pkg:npm/left-pad@2.1.0', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a.c', 'abc', false],
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
])('%s and %s: %s', (pattern, text, expected) => {
  expect(matchesWildcard(pattern, text)).toBe(expected);
});

test('agrees with the regular expression it stands for', () => {
  const short = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 12 });
  fc.assert(
    fc.property(short, short, (pattern, given) => {
      const text = given.replaceAll('*', 'a');
      const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
      expect(matchesWildcard(pattern, text)).toBe(new RegExp(`^${parts.join('.*')}$`).test(text));
    }),
    { numRuns: 1000 },
  );
});
