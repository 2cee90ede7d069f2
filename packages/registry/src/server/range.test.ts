import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseContentRange, parseRange } from './range.ts';

test('whatever a client sends as Range, what is sent lies inside the blob', () => {
  const header = fc.oneof(
    fc.string(),
    fc.stringMatching(/^bytes=[0-9 ,-]{0,20}$/),
    fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
  );
  fc.assert(
    fc.property(header, fc.nat({ max: 1000 }), (text, size) => {
      const range = parseRange(text, size);
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.last).toBeGreaterThanOrEqual(range.first);
      expect(range.last).toBeLessThan(size);
    }),
  );
});

test('any range inside the blob is understood', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999 }), fc.nat({ max: 999 }), (a, b) => {
      const [first, last] = a < b ? [a, b] : [b, a];
      expect(parseRange(`bytes=${first}-${last}`, 1000)).toEqual({ first, last });
      expect(parseContentRange(`${first}-${last}`)).toEqual({ first, last });
      expect(parseContentRange(`bytes ${first}-${last}/*`)).toEqual({ first, last });
    }),
  );
});

test.each([
  'bytes=5-4',
  'bytes=-0',
  'bytes=10-',
  'bytes=x-y',
  'bytes=1',
  'bytes=1-2-3',
  `bytes=${'9'.repeat(400)}-`,
])('a range that selects nothing is unsatisfiable: %s', (header) =>
  expect(parseRange(header, 10)).toBe('unsatisfiable'),
);

test.each([undefined, 'lines=1-2', 'bytes=0-1,3-4'])(
  'what is not one byte range is answered in full: %s',
  (header) => expect(parseRange(header, 10)).toBeUndefined(),
);

test.each(['', '1', '-5', '5-', '5-4', '0x1-2', '1-2 ,3-4', `0-${'9'.repeat(400)}`])(
  'a chunk position that cannot be trusted is refused: %s',
  (header) => expect(parseContentRange(header)).toBeUndefined(),
);
