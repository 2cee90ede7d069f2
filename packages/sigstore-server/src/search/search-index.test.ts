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

test('of many names the newest thousand entries are found', () => {
  const entries = Array.from({ length: 9000 }, (_, i) => [`n${(i * 7) % 90}@x`]);
  const newest = Array.from({ length: 1000 }, (_, i) => 8999 - i);
  expect(index(...entries).findNames('*', [])).toEqual(newest);
});

test('what is found is the newest thousand of what going through all entries finds', () => {
  const key = fc.constantFrom('a@x', 'b@x', 'c@y', `sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`);
  const some = fc.uniqueArray(key, { maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(some, { minLength: 1, maxLength: 20 }),
      some,
      fc.nat(300),
      (pattern, keys, repeats) => {
        const entries = Array.from({ length: repeats * 10 }, (_, i) => pattern[i % pattern.length]!);
        const made = index(...entries);
        const all = (isFound: (keys: readonly string[]) => boolean) =>
          entries
            .flatMap((keys, i) => (isFound(keys) ? [i] : []))
            .reverse()
            .slice(0, 1000);
        const hasAll = (own: readonly string[]) => keys.every((one) => own.includes(one));
        if (keys.length > 0) {
          expect(made.find(keys, 'and')).toEqual(all(hasAll));
          expect(made.find(keys, 'or')).toEqual(all((own) => keys.some((one) => own.includes(one))));
        }
        expect(made.findNames('*@x', keys)).toEqual(
          all((own) => hasAll(own) && own.some((one) => one.endsWith('@x'))),
        );
      },
    ),
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
