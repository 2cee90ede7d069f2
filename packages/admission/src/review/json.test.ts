import { parseJson } from '@pratique/crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBody } from './json.ts';

const limits = { maxBytes: 10_000, maxDepth: 20, maxValues: 25 };

function outcome(parse: typeof parseBody, body: Uint8Array): unknown {
  try {
    return { value: parse(body, 'it', limits) };
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message };
  }
}

const encode = (text: string) => new TextEncoder().encode(text);

test('it reads and refuses exactly what the strict parser does, with the same words', () => {
  const name = fc.constantFrom('a', 'b', '__proto__', '\\u0061', 'a:b', '\\"');
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('1', 'null', '"x:y{"', '"\\\\"', '""', '[', '}'),
      fc.array(tie('json') as fc.Arbitrary<string>, { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(name, tie('json') as fc.Arbitrary<string>), { maxLength: 4 })
        .map((members) => `{${members.map(([key, value]) => `"${key}": ${value}`).join(',')}}`),
    ),
  }));
  fc.assert(
    fc.property(fc.oneof(json as fc.Arbitrary<string>, fc.json(), fc.string()), (text) => {
      expect(outcome(parseBody, encode(text))).toEqual(outcome(parseJson, encode(text)));
    }),
    { numRuns: 2000 },
  );
});

test('a name is what it says, whatever names there were before', () => {
  for (const before of ['{"k":1,"image\\\\":1}', '{"k":1,"\\\\":1}', '{"k":1,"a\\\\bc":1}'])
    parseBody(encode(before), 'it', limits);
  for (const [text, name] of [
    ['{"k":1,"image\\u0073":1}', 'images'],
    ['{"k":1,"\\u0061":1}', 'a'],
    ['{"k":1,"\\"":1}', '"'],
    ['{"k":1,"a\\u0062cd":1}', 'abcd'],
  ] as const)
    expect(parseBody(encode(text), 'it', limits)).toEqual({ k: 1, [name]: 1 });
});

test.each([
  ['a name said twice', '{"a":1,"a":1}'],
  ['said twice, once escaped', '{"a":1,"\\u0061":1}'],
  ['said twice far down', '[[{"x":{"y":[{"a":1,"b":2,"a":3}]}}]]'],
  ['__proto__ said twice', '{"__proto__":1,"__proto__":2}'],
  ['a colon too few to make up for it', '{"a":1,"a":":"}'],
  ['too deep', `${'['.repeat(21)}${']'.repeat(21)}`],
  ['too many values', `[${'1,'.repeat(25)}1]`],
  ['too long', `"${'x'.repeat(10_000)}"`],
  ['a byte order mark', '\ufeff{}'],
])('refused: %s', (_name, text) => {
  expect(outcome(parseBody, encode(text))).toMatchObject({ code: 'ENCODING_INVALID' });
});
