import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equal, fromJson, RegoArray, RegoSet, toTerm, type Value } from '../values/index.ts';
import { textOfBytes, utf8Bytes } from './go/utf8.ts';
import { call } from './test-calls.ts';

const json: fc.Arbitrary<Value> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => fromJson(JSON.parse(JSON.stringify(value))));
const text = fc.string({ unit: 'grapheme' });
const numbers = fc.array(fc.integer({ min: 0, max: 20 })).map((items) => RegoSet.of(items));

function holds(name: string, ...operands: Value[]): void {
  expect(call(name, ...operands), `${name}(${operands.map(toTerm).join(', ')})`).toBe(true);
}

describe('what is encoded is decoded to itself', () => {
  test('bytes that are no UTF-8 survive base64.decode followed by hex.encode', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const decoded = call('base64.decode', Buffer.from(bytes).toString('base64'))!;
        expect(call('hex.encode', decoded)).toBe(Buffer.from(bytes).toString('hex'));
        expect(utf8Bytes(textOfBytes(bytes))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  test.each([
    ['base64.encode', 'base64.decode'],
    ['base64url.encode', 'base64url.decode'],
    ['base64url.encode_no_pad', 'base64url.decode'],
    ['hex.encode', 'hex.decode'],
    ['urlquery.encode', 'urlquery.decode'],
  ])('%s and %s', (encode, decode) => {
    fc.assert(
      fc.property(text, (given) => {
        expect(call(decode, call(encode, given)!)).toBe(given);
      }),
    );
  });

  test('json.marshal and json.unmarshal', () => {
    fc.assert(
      fc.property(json, (given) => {
        expect(equal(call('json.unmarshal', call('json.marshal', given)!)!, given)).toBe(true);
      }),
    );
  });

  test('yaml.marshal and yaml.unmarshal', () => {
    fc.assert(
      fc.property(json, (given) => {
        const yaml = call('yaml.marshal', given)!;
        expect(toTerm(call('yaml.unmarshal', yaml)!), yaml as string).toBe(toTerm(given));
      }),
    );
  });

  test('a time that is formatted is parsed to the same nanosecond', () => {
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Paris',
      'America/St_Johns',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
    );
    const nanoseconds = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    fc.assert(
      fc.property(nanoseconds, zone, (time, name) => {
        const number = fromJson(time);
        // Offsets before 1972 may have seconds, which RFC 3339 cannot show.
        fc.pre(time > 100_000_000_000_000_000n || name === 'UTC');
        const shown = call('time.format', new RegoArray([number, name]))!;
        expect(toTerm(call('time.parse_rfc3339_ns', shown)!)).toBe(toTerm(number));
      }),
    );
  });
});

describe('algebra', () => {
  test('sets: a - (a - b) is a & b, and both are subsets of a | b', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const both = call('and', a, b)!;
        expect(equal(call('minus', a, call('minus', a, b)!)!, both)).toBe(true);
        holds('object.subset', call('or', a, b)!, a);
        holds('object.subset', a, both);
      }),
    );
  });

  test('sorting is idempotent, and its ends are min and max', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), (items) => {
        const sorted = call('sort', new RegoArray(items)) as RegoArray;
        expect(equal(call('sort', sorted)!, sorted)).toBe(true);
        expect(equal(sorted.at(0)!, call('min', sorted)!)).toBe(true);
        expect(equal(sorted.at(sorted.length - 1)!, call('max', sorted)!)).toBe(true);
      }),
    );
  });

  test('object.union_n is object.union from the left', () => {
    const object = fc
      .dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 2 }))
      .map((given) => fromJson(JSON.parse(JSON.stringify(given))));
    fc.assert(
      fc.property(object, object, object, (a, b, c) => {
        const folded = call('object.union', call('object.union', a, b)!, c)!;
        expect(toTerm(call('object.union_n', new RegoArray([a, b, c]))!)).toBe(toTerm(folded));
      }),
    );
  });

  test('json.patch: what is added can be tested and removed again', () => {
    const object = fc
      .dictionary(fc.constantFrom('a', 'b'), fc.integer())
      .map((given) => fromJson({ ...given }));
    fc.assert(
      fc.property(object, json, (given, value) => {
        const operations = fromJson([
          { op: 'add', path: '/new', value },
          { op: 'test', path: '/new', value },
          { op: 'remove', path: '/new' },
        ]);
        expect(equal(call('json.patch', given, operations)!, given)).toBe(true);
      }),
    );
  });

  test('split and concat are inverse', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(',', '-', 'ab', '日'), (given, delimiter) => {
        expect(call('concat', delimiter, call('split', given, delimiter)!)).toBe(given);
      }),
    );
  });

  test('indexof and substring agree', () => {
    fc.assert(
      fc.property(text, text, text, (before, part, after) => {
        fc.pre(part !== '');
        const whole = before + part + after;
        const at = call('indexof', whole, part) as number;
        // A match inside a grapheme is still a match: points are counted, not graphemes.
        expect(call('substring', whole, at, [...part].length)).toBe(part);
      }),
    );
  });

  test('a quoted glob matches its own text and nothing longer', () => {
    fc.assert(
      fc.property(text, (given) => {
        const glob = call('glob.quote_meta', given)!;
        holds('glob.match', glob, null, given);
        expect(call('glob.match', glob, null, `${given}x`)).toBe(false);
      }),
    );
  });

  test('merged blocks contain every block they were made from', () => {
    const block = fc
      .tuple(fc.nat(3), fc.nat(255), fc.integer({ min: 20, max: 32 }))
      .map(([c, d, prefix]) => `10.0.${c}.${d}/${prefix}`);
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 8 }), (blocks) => {
        const merged = call('net.cidr_merge', new RegoArray(blocks)) as RegoSet;
        for (const each of blocks) {
          const inside = merged.values().some((outer) => call('net.cidr_contains', outer, each) === true);
          expect(inside, `${each} in ${toTerm(merged)}`).toBe(true);
        }
      }),
    );
  });

  test('versions are ordered: comparing is antisymmetric', () => {
    const version = fc
      .tuple(fc.nat(3), fc.nat(3), fc.constantFrom('', '-a', '-a.1', '-1', '-a.b', '-rc.2'))
      .map(([minor, patch, pre]) => `1.${minor}.${patch}${pre}`);
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect((call('semver.compare', a, b) as number) + (call('semver.compare', b, a) as number)).toBe(0);
      }),
    );
  });
});
