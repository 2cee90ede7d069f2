import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf } from './hash.ts';
import {
  compare,
  compareStrings,
  equal,
  fromJson,
  keyOf,
  RegoArray,
  RegoNumber,
  RegoObject,
  RegoSet,
  type Value,
} from './index.ts';
import { sortValues } from './sort.ts';
import type { BoxedValue } from './value.ts';
import { ValueMap } from './value-map.ts';

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 1, 2, 'a', '', new RegoNumber('1.0'), new RegoNumber('1e2'), 100),
  fc.string({ unit: 'binary', maxLength: 24 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(fromJson),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new RegoArray(items)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => RegoSet.of(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => RegoObject.of(pairs)),
    fc.jsonValue().map(fromJson),
  ),
}));
const boxed = value.filter((v): v is BoxedValue => typeof v === 'object' && v !== null);

describe('values as keys', () => {
  test('equal values share a hash, however they are built, so that sets find them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const lazy = fromJson(json);
        const built = rebuild(fromJson(json));
        expect(hashOf(lazy)).toBe(hashOf(built));
        expect(equal(lazy, built)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        if (equal(a, b)) expect(hashOf(a)).toBe(hashOf(b));
        expect(hashOf(rebuild(a))).toBe(hashOf(a));
      }),
    );
  });

  test('a map by hash answers as one by text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), boxed, fc.nat()), { maxLength: 60 }), (changes) => {
        const map = new ValueMap<number>();
        const expected = new Map<string, number>();
        for (const [set, key, number] of changes) {
          if (set) {
            map.set(key, number);
            expected.set(keyOf(key), number);
          } else {
            expect(map.replace(key, number)).toBe(expected.has(keyOf(key)));
            if (expected.has(keyOf(key))) expected.set(keyOf(key), number);
          }
          expect(map.size).toBe(expected.size);
        }
        for (const [, key] of changes)
          expect(map.get(rebuild(key) as BoxedValue)).toBe(expected.get(keyOf(key)));
      }),
    );
  });

  test('values made to collide are all kept', () => {
    // What differs stands where the hash does not look: in the middle.
    const keys = Array.from({ length: 50 }, (_, i) => new RegoArray([1, i, 1]));
    expect(new Set(keys.map(hashOf)).size).toBe(1);
    const map = new ValueMap<number>();
    for (const [i, key] of keys.entries()) map.set(key, i);
    for (const [i, key] of keys.entries()) map.set(new RegoArray([...key.items]), i + 100);
    expect(map.size).toBe(50);
    for (const i of [0, 3, 20, 49]) expect(map.replace(new RegoArray([1, i, 1]), i)).toBe(true);
    expect(map.replace(new RegoArray([1, 50, 1]), 0)).toBe(false);
    const listed: Value[] = [];
    map.keysInto(listed);
    expect(listed.length).toBe(50);
    for (const [i, key] of keys.entries())
      expect(map.get(new RegoArray([...key.items]))).toBe([0, 3, 20, 49].includes(i) ? i : i + 100);
  });

  test('a number is one key, however it is written', () => {
    const object = RegoObject.of([
      [new RegoNumber('1.0'), 'a'],
      [1, 'b'],
    ]);
    expect(object.size).toBe(1);
    expect(object.get(new RegoNumber('1.00'))).toBe('b');
    expect(RegoSet.of([100, new RegoNumber('1e2')]).size).toBe(1);
    expect(RegoSet.of([new RegoNumber('1e2')]).has(100)).toBe(true);
  });
});

describe('sorting', () => {
  test('strings come in the order of their UTF-8 bytes, surrogates too', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 6 })), (strings) => {
        const sorted = [...strings];
        sortValues(sorted);
        expect(sorted).toEqual([...strings].sort(compareStrings));
      }),
    );
  });

  test('anything else comes in the order of all values', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        const sorted = [...values];
        sortValues(sorted);
        for (let i = 1; i < sorted.length; i++)
          expect(compare(sorted[i - 1]!, sorted[i]!)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

/** The same value, built the other way round. */
function rebuild(value: Value): Value {
  if (value instanceof RegoArray) return new RegoArray(value.items.map(rebuild));
  if (value instanceof RegoSet) return RegoSet.of([...value.values()].reverse().map(rebuild));
  if (value instanceof RegoObject)
    return RegoObject.of(
      value
        .entries()
        .reverse()
        .map(([key, member]) => [rebuild(key), rebuild(member)] as const),
    );
  if (value instanceof RegoNumber) return new RegoNumber(value.text);
  return value;
}
