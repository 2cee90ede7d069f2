import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compare,
  compareStrings,
  divide,
  equal,
  fromJson,
  keyOf,
  minus,
  multiply,
  type Num,
  numberText,
  parseJsonText,
  parseNumber,
  plus,
  RegoArray,
  RegoObject,
  RegoSet,
  remainder,
  roundHalfAway,
  toBigInt,
  toJson,
  toJsonText,
  toTerm,
  type Value,
} from './index.ts';

const number = (text: string): Num => parseNumber(text) as Num;

const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Value>(null, true, false, 0, 1, -1, '', '__proto__', 'constructor', '\uffff', '😀'),
    fc.integer(),
    fc.string(),
    fc.bigInt().map((big) => number(big.toString())),
    fc.constantFrom('1.0', '1e0', '10e-1', '0.1', '1e30', '-0.5', '2.50').map((text) => number(text)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new RegoArray(items)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => RegoSet.of(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => RegoObject.of(pairs)),
  ),
}));

describe('order', () => {
  test('is total: antisymmetric, transitive, and equal exactly where keys are equal', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        expect(equal(a, b)).toBe(compare(a, b) === 0);
        expect(keyOf(a) === keyOf(b)).toBe(compare(a, b) === 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('types come as null, booleans, numbers, strings, arrays, objects, sets', () => {
    const order: Value[] = [
      null,
      false,
      true,
      -1,
      2,
      '',
      'a',
      new RegoArray([]),
      new RegoObject(),
      new RegoSet(),
    ];
    expect([...order].reverse().sort(compare)).toEqual(order);
  });

  test('strings compare by their UTF-8 bytes, not by UTF-16 units', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(
          Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
    );
    expect(compareStrings('\uffff', '😀')).toBeLessThan(0);
  });

  test('a set or an object holds one member for a number however it is written', () => {
    const forms = [1, number('1.0'), number('1e0'), number('10e-1')];
    for (const first of forms) {
      for (const second of forms) {
        expect(RegoSet.of([first, second]).size).toBe(1);
        const object = RegoObject.of([[first, 'old']]);
        object.set(second, 'new');
        expect([object.size, object.get(first)]).toEqual([1, 'new']);
      }
    }
  });
});

describe('numbers', () => {
  test('integers beyond 2^53 are exact', () => {
    expect(numberText(plus(number('9007199254740993'), 2))).toBe('9007199254740995');
    expect(numberText(multiply(number('9007199254740993'), number('9007199254740993')))).toBe(
      '81129638414606699710187514626049',
    );
    expect(numberText(minus(number('1e30'), 1))).toBe('999999999999999999999999999999');
  });

  test('integer arithmetic agrees with bigint', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        const [x, y] = [number(a.toString()), number(b.toString())];
        expect(toBigInt(plus(x, y))).toBe(a + b);
        expect(toBigInt(minus(x, y))).toBe(a - b);
        expect(toBigInt(multiply(x, y))).toBe(a * b);
        if (b === 0n) expect(remainder(x, y)).toBe('divide-by-zero');
        else expect(toBigInt(remainder(x, y) as Num)).toBe(a % b);
      }),
    );
  });

  // Answers of `opa eval` 1.20.2.
  test.each([
    [divide(1, 3), '0.33333333333333333334'],
    [plus(number('0.1'), number('0.2')), '0.3'],
    [multiply(number('1.5'), 1234567), '1.8518505e+06'],
    [multiply(number('1e-10'), number('3.3')), '3.3e-10'],
    [divide(10, 4), '2.5'],
    [divide(number('1e30'), 7), '142857142857142857140000000000'],
    [roundHalfAway(number('1e30')), '1000000000000000000024696061952'],
    [divide(number('99999999999999999999.5'), 1), '100000000000000000000'],
    [roundHalfAway(number('-2.5')), '-3'],
  ])('fractions have the digits that OPA gives: %#', (result, text) => {
    expect(numberText(result as Num)).toBe(text);
  });

  test('division by zero is not a number', () => {
    expect([divide(1, 0), divide(1, number('0.0'))]).toEqual([undefined, undefined]);
  });

  test('an absurd exponent costs no time', () => {
    const huge = number('1e999999999');
    expect(compare(huge, number('1e999999998'))).toBeGreaterThanOrEqual(0);
    expect(compare(number('-1e999999999'), huge)).toBeLessThan(0);
    expect(equal(huge, 1)).toBe(false);
  });
});

describe('JSON', () => {
  test('any JSON goes in and comes out the same, as values and as text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        const plain: unknown = JSON.parse(JSON.stringify(json));
        expect(toJson(fromJson(plain))).toEqual(plain);
        expect(toJson(parseJsonText(JSON.stringify(plain)))).toEqual(plain);
        expect(equal(fromJson(plain), parseJsonText(JSON.stringify(plain)))).toBe(true);
        expect(JSON.parse(toJsonText(fromJson(plain)))).toEqual(plain);
      }),
    );
  });

  test('text keeps the digits that a double would lose', () => {
    const text = '{"a":[1.0,12345678901234567890,1e400,0.1000000000000000055]}';
    expect(toJsonText(parseJsonText(text))).toBe(text);
  });

  test('__proto__ and constructor are members like others', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":1}';
    const value = parseJsonText(text) as RegoObject;
    expect(value.get('toString')).toBeUndefined();
    expect((fromJson({}) as RegoObject).get('constructor')).toBeUndefined();
    const out = toJson(value) as Record<string, unknown>;
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype);
    expect(JSON.stringify(out)).toBe(text);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '01',
    '1.',
    '+1',
    'nul',
    '"\n"',
    '"\\x"',
    '[1] 2',
    '{"a" 1}',
    '\u00a01',
  ])('refuses what is not JSON: %j', (text) => {
    expect(() => parseJsonText(text)).toThrow(SyntaxError);
  });

  test('refuses nesting that would exhaust the stack', () => {
    expect(() => parseJsonText('['.repeat(20_000))).toThrow(SyntaxError);
  });

  test('reads any text without crashing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123.eE+-tfn\\u ') }), (text) => {
        try {
          JSON.parse(text);
        } catch {
          expect(() => parseJsonText(text)).toThrow(SyntaxError);
          return;
        }
        expect(() => parseJsonText(text)).not.toThrow();
      }),
    );
  });

  test('host documents are converted as they are read and never written', () => {
    const host = Object.freeze({ a: Object.freeze([Object.freeze({ b: 1 })]), skipped: undefined });
    const value = fromJson(host) as RegoObject;
    expect(value.keys()).toEqual(['a']);
    expect(toTerm(value)).toBe('{"a": [{"b": 1}]}');
  });

  test('NaN, infinities and functions are refused', () => {
    for (const host of [Number.NaN, Number.POSITIVE_INFINITY, () => 1]) {
      expect(() => fromJson(host)).toThrow(TypeError);
    }
  });

  test('sets come out as arrays in order, and keys that are no strings as their text', () => {
    const value = RegoObject.of([[new RegoArray([1, 'a']), RegoSet.of(['b', 'a', 1])]]);
    expect(toJson(value)).toEqual({ '[1,"a"]': [1, 'a', 'b'] });
    expect(toTerm(value)).toBe('{[1, "a"]: {1, "a", "b"}}');
    expect(toTerm(new RegoSet())).toBe('set()');
  });
});
