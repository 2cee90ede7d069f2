import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSearchKeys } from './keys.ts';
import { globMatcher, SearchIndex } from './search-index.ts';

function index(...entries: readonly string[][]): SearchIndex {
  const made = new SearchIndex();
  for (const [i, keys] of entries.entries()) made.add(encodeSearchKeys(keys), i);
  return made;
}

const digest = `sha256:${'a'.repeat(64)}`;

test('a pattern finds names only, newest first, and all of what is asked for must be there', () => {
  const made = index(['alice@example.test', digest], ['bob@example.test', digest], ['alice@example.test']);
  expect(made.findNames('*@example.test', [])).toEqual([2, 1, 0]);
  expect(made.findNames('ALICE@*', [digest])).toEqual([0]);
  expect(made.findNames('*', [])).toEqual([2, 1, 0]);
  expect(made.findNames('sha256:*', [])).toEqual([]);
  expect(made.findNames('example.test', [])).toEqual([]);
});

test('a pattern means what a regular expression of it would', () => {
  const part = fc.constantFrom('a', 'b', '*', '.');
  const word = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(word, word, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(globMatcher(pattern)(text)).toBe(expression.test(text));
    }),
  );
});

test('an entry is found by each of its keys, whatever they are', () => {
  const key = fc.string({ maxLength: 5 }).map((text) => text.toLowerCase());
  fc.assert(
    fc.property(fc.array(fc.array(key, { maxLength: 4 }), { maxLength: 30 }), (entries) => {
      const made = index(...entries);
      for (const one of entries.flat()) {
        const expected = entries.flatMap((keys, i) => (keys.includes(one) ? [i] : [])).reverse();
        expect(made.find([one], 'or')).toEqual(expected);
      }
    }),
  );
});
