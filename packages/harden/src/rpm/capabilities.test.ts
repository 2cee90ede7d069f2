import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RelationError } from '../debian/relations.ts';
import { relation } from '../testing/rpm.ts';
import { capabilitiesOf, overlaps } from './capabilities.ts';

const names = (text: string) =>
  capabilitiesOf(relation(text)).map(({ name, flags, version }) =>
    flags === 0 ? name : `${name} ${flags} ${version}`,
  );

describe('what a requirement names', () => {
  test.each([
    ['bash', ['bash']],
    ['bash >= 5', ['bash 12 5']],
    ['libc.so.6(GLIBC_2.34)(64bit)', ['libc.so.6(GLIBC_2.34)(64bit)']],
    ['rpmlib(CompressedFileNames) <= 3', []],
    ['(a or b)', ['a', 'b']],
    ['(a >= 1:2-3 or b(x)(y) < 2)', ['a 12 1:2-3', 'b(x)(y) 2 2']],
    ['((a and b) or (c with d))', ['a', 'b', 'c', 'd']],
    ['(a if b else c)', ['a', 'b', 'c']],
    ['(a unless b)', ['a', 'b']],
    [
      '(python3dist(x[extra]) = 1.0 without python3dist(y))',
      ['python3dist(x[extra]) 8 1.0', 'python3dist(y)'],
    ],
    ['(a)', ['a']],
  ])('%s', (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  test.each(['(a', '(a or b))', '()', '(and)', '(>= 1)', '(a >=)', `${'('.repeat(101)}a${')'.repeat(101)}`])(
    '%s is none: nothing of it is left out',
    (text) => {
      expect(() => names(text)).toThrow(RelationError);
    },
  );

  test('any text is read in no time, or refused', () => {
    const text = fc.array(fc.constantFrom('(', ')', ' ', 'a', 'or', '>=', '1', 'x(y)'), { maxLength: 200 });
    fc.assert(
      fc.property(text, (parts) => {
        try {
          for (const name of names(`(${parts.join('')}`)) expect(typeof name).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(RelationError);
        }
      }),
    );
  });
});

test.each([
  ['a', 'a', true],
  ['a >= 2', 'a', true],
  ['a >= 2', 'a = 2-1', true],
  ['a >= 2-2', 'a = 2-1', false],
  ['a > 2', 'a = 2-1', false],
  ['a < 2', 'a = 2-1', false],
  ['a < 2', 'a = 1:1-1', false],
  ['a < 2', 'a = 1.9-1', true],
  ['a = 2-1', 'a = 2-1', true],
  ['a = 2-1', 'a = 2-2', false],
  ['a >= 3', 'a <= 2', false],
  ['a >= 3', 'a >= 2', true],
  ['a <= 3', 'a < 4', true],
  ['a = 1:1', 'a = 1', false],
])('%s is met by %s: %s', (required, provided, expected) => {
  expect(overlaps(relation(required), relation(provided))).toBe(expected);
});
