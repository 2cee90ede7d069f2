import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageOf } from './page.ts';

test('pages of any size put together are the whole list, each item once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 7 }), (list, n) => {
      const items = [...list].sort();
      const seen: string[] = [];
      let query: URLSearchParams | undefined = new URLSearchParams({ n: String(n) });
      while (query !== undefined) {
        const page = pageOf(items, query, '/path');
        seen.push(...page.items);
        const next = /^<([^>]*)>/.exec(page.link ?? '')?.[1];
        query = next === undefined ? undefined : new URL(next, 'http://x').searchParams;
      }
      expect(seen).toEqual(items);
    }),
  );
});

test('an answer without n has an end, and says how to go on', () => {
  const items = Array.from({ length: 10_001 }, (_, index) => String(index).padStart(6, '0'));
  const page = pageOf(items, new URLSearchParams(), '/path');
  expect(page.items.length).toBe(10_000);
  expect(page.link).toBe('</path?n=10000&last=009999>; rel="next"');
});
