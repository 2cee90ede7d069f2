import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { canonicalJson } from './canonical-json.ts';
import { type JsonValue, parseJson } from './json.ts';
import { formatPem, parsePem } from './pem.ts';

const invalid = expect.objectContaining({ code: 'ENCODING_INVALID' });
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('base64', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(encodeBase64(bytes), 'x')).toEqual(bytes);
      }),
    );
  });

  test('no two texts decode to the same bytes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12, unit: fc.constantFrom(...'AQg+/=-_ \n') }), (text) => {
        try {
          expect(encodeBase64(decodeBase64(text, 'x'))).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AB==',
    'AAB=',
    'AAAA\n',
    ' AAAA',
    'A_A=',
    '====',
    'AAAA=AAA',
    'AA==AAAA',
  ])('%j is refused', (text) => {
    expect(() => decodeBase64(text, 'x')).toThrow(invalid);
  });
});

describe('JSON that was signed', () => {
  test.each([
    ['nothing', ''],
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a name twice in an inner object', '[{"b":{"a":1,"a":2}}]'],
    ['a name twice with another object between', '{"a":{"b":1},"a":2}'],
    ['a byte order mark', '\ufeff{}'],
    ['something behind it', '{}{}'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{}//'],
    ['a bare word', 'NaN'],
    ['a string that does not end', '{"a'],
    ['a bad escape in a name', '{"\\x":1}'],
    ['deeper nesting than allowed', `${'['.repeat(65)}${']'.repeat(65)}`],
  ])('is refused with %s', (_name, text) => expect(() => parseJson(utf8(text), 'x')).toThrow(invalid));

  test('is refused when it is not UTF-8, or too large', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'x')).toThrow(invalid);
    expect(() => parseJson(utf8('[1,2]'), 'x', { maxBytes: 4 })).toThrow(invalid);
  });

  test('is refused for its depth before it costs anything: ten million brackets', () => {
    expect(() => parseJson(utf8('['.repeat(10_000_000)), 'x')).toThrow(invalid);
  });

  test('is refused for the number of its values, wherever they are, and not for commas in texts', () => {
    const limits = { maxValues: 4 };
    expect(parseJson(utf8('{"a":[1,2],"b":"[,,,{"}'), 'x', limits)).toEqual({ a: [1, 2], b: '[,,,{' });
    for (const text of ['{"a":[1,2,3],"b":1}', '[[[[[]]]]]', '[1,2,3,4,5]', '{"a":{"b":{"c":[{}]}}}'])
      expect(() => parseJson(utf8(text), 'x', limits)).toThrow(invalid);
    expect(() => parseJson(utf8(`[${'{"a":1},'.repeat(1_000_000)}1]`), 'x', limits)).toThrow(invalid);
  });

  test('may use one name in two objects, brackets and commas in strings, and __proto__ as a name like any other', () => {
    expect(parseJson(utf8('[{"a":1},{"a":2}]'), 'x')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(parseJson(utf8('{"a":"},{\\"a\\":[","b":["a","a"]}'), 'x')).toEqual({
      a: '},{"a":[',
      b: ['a', 'a'],
    });
    const parsed = parseJson(utf8('{"__proto__":{"admin":true}}'), 'x');
    expect(Object.hasOwn(parsed as object, '__proto__')).toBe(true);
    expect((parsed as { admin?: boolean }).admin).toBeUndefined();
  });

  test('reads everything JSON.stringify writes, whatever the names', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(utf8(text), 'x', { maxDepth: 1000 }))).toBe(
          JSON.stringify(JSON.parse(text)),
        );
      }),
    );
  });

  test('accepts no text that JSON.parse refuses', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'{}[]",:\\a1 '), maxLength: 12 });
    fc.assert(
      fc.property(soup, (text) => {
        let ours: JsonValue;
        try {
          ours = parseJson(utf8(text), 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
          return;
        }
        expect(ours).toEqual(JSON.parse(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('canonical JSON (RFC 8785)', () => {
  test('sorts members by UTF-16 code units and writes numbers as ECMAScript does', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const keys = [...canonicalJson(value).matchAll(/:(\d)/g)].map((match) => match[1]);
    expect(keys).toEqual(['2', '4', '6', '7', '1', '5', '3']);
    expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    );
  });

  test('does not depend on the order in which members were set', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(objects, (object) => {
        fc.pre(JSON.stringify(object).isWellFormed());
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(reversed as JsonValue)).toBe(canonicalJson(object as JsonValue));
        expect(JSON.parse(canonicalJson(object as JsonValue))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', undefined])('%s has none', (value) => {
    expect(() => canonicalJson(value as JsonValue)).toThrow(invalid);
  });
});

describe('PEM', () => {
  test('what is written is read, by line lengths of any tool', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.constantFrom('\n', '\r\n'), (bytes, end) => {
        const text = formatPem('PUBLIC KEY', bytes).replaceAll('\n', end);
        expect(parsePem(`${end}${text}${text}`, 'x')).toEqual([
          { label: 'PUBLIC KEY', bytes },
          { label: 'PUBLIC KEY', bytes },
        ]);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['words before a block', `hello\n${formatPem('X', Uint8Array.of(1))}`],
    ['words behind a block', `${formatPem('X', Uint8Array.of(1))}hello`],
    ['another label at the end', '-----BEGIN A-----\nAA==\n-----END B-----\n'],
    ['no end', '-----BEGIN A-----\nAA==\n'],
    ['headers', '-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END A-----\n'],
    ['bad base64', '-----BEGIN A-----\nA\n-----END A-----\n'],
  ])('is refused with %s', (_name, text) => expect(() => parsePem(text, 'x')).toThrow(invalid));
});
