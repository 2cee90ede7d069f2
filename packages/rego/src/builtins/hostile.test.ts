import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJson, parseNumber, RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import { builtinTable } from './index.ts';
import { call, callAll, outcome, testContext } from './test-calls.ts';
import { BuiltinError, Halt } from './types.ts';

const nastyTexts = [
  '__proto__',
  'constructor',
  '\ud800',
  '\udc80',
  '\u0000',
  '(a+)+$',
  '((((a*)*)*)*)*b',
  'a{1000}{1000}',
  '('.repeat(500),
  '['.repeat(500),
  '{'.repeat(500),
  '{{range .}}{{.}}{{end}}',
  '%1000000d%*d%[1]v',
  '- '.repeat(500),
  '&a [*a]',
  '0.0.0.0/0',
  '::/0',
  '1.2.3-1',
  '1e999999',
  '99999999999999999999y',
  '2006-01-02T15:04:05Z07:00',
  'eyJhbGciOiJub25lIn0.e30.',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  '{"$ref":"#"}',
  '{a}',
  'type Query{a:Int}',
  'http://[::1%25]:x/',
  '%zz',
  '$1',
  '../x',
  '\\',
  '"',
];

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, -1, 2.5),
  fc
    .constantFrom('1e1000000000', '-1e400', '1e-400', '9223372036854775807', '1.0')
    .map((text) => parseNumber(text)!),
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: 'binary' }),
);

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new RegoArray(items)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => RegoSet.of(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => RegoObject.of(pairs)),
    fc
      .dictionary(
        fc.constantFrom('op', 'path', 'value', 'keys', 'type', 'properties', '__proto__'),
        tie('value'),
      )
      .map(fromJson),
  ),
})).value;

describe('whatever policy passes, a built-in answers, or fails with an error of Rego', () => {
  test.each([...builtinTable()])('%s', (name, builtin) => {
    const operands = fc.array(value, {
      minLength: builtin.declaration.args.length,
      maxLength: builtin.declaration.args.length,
    });
    fc.assert(
      fc.property(operands, (given) => {
        try {
          callAll(name, given, testContext({ budget: 1_000_000 }));
        } catch (error) {
          if (!(error instanceof BuiltinError) && !(error instanceof Halt)) throw error;
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('work is bounded', () => {
  test.each([
    ['numbers.range', [0, parseNumber('1000000000000')!]],
    ['net.cidr_expand', ['::/0']],
    ['bits.lsh', [1, parseNumber('1000000000000')!]],
    ['plus', [parseNumber('1e1000000000')!, 1]],
    ['format_int', [parseNumber('1e1000000000')!, 10]],
    ['units.parse', ['1e400000']],
    ['replace', ['a'.repeat(100_000), 'a', 'b'.repeat(100_000)]],
    ['sprintf', ['%1000000d'.repeat(1000), new RegoArray(new Array(1000).fill(1))]],
    ['yaml.unmarshal', [bomb()]],
    ['json.unmarshal', ['['.repeat(100_000)]],
    ['regex.match', ['x{1000}{1000}', 'x']],
    ['regex.globs_match', ['a*'.repeat(50_000), 'b']],
    ['glob.match', ['{'.repeat(10_000), null, 'b']],
  ] as [string, Value[]][])('%s refuses what would take gigabytes or hours', (name, operands) => {
    expect(outcome(name, ...operands)).toHaveProperty('error');
  });

  test('a pattern that makes other engines backtrack is matched in linear time', () => {
    expect(call('regex.match', '^(a|a|ab)*(a+)+$', `${'a'.repeat(50_000)}!`)).toBe(false);
  });

  test('all paths through a dense graph end with the budget of the evaluation', () => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const graph = fromJson(Object.fromEntries(names.map((name) => [name, names])));
    const run = () =>
      callAll('graph.reachable_paths', [graph, fromJson(['n0'])], testContext({ budget: 100_000 }));
    expect(run).toThrow(Halt);
  });

  const long = '1.'.repeat(20_000);
  test.each<[string, Value[]]>([
    ['yaml.unmarshal', ['{{.}}'.repeat(400_000)]],
    ['yaml.unmarshal', ['- a: b\n'.repeat(2_000_000)]],
    ['yaml.is_valid', ['"'.repeat(2_000_000)]],
    ['regex.match', [long, long]],
    ['regex.split', [long, long]],
    ['regex.replace', [long, long, '']],
    ['regex.find_n', [long, long, 1]],
    ['time.parse_rfc3339_ns', ['a'.repeat(30_000_000)]],
  ])('%s is not begun where it would take all the work of an evaluation', (name, operands) => {
    expect(() => callAll(name, operands, testContext({ budget: 20_000_000 }))).toThrow(Halt);
  });

  test('YAML that is none is given up at its first mistake', () => {
    expect(outcome('yaml.unmarshal', '{{.}}'.repeat(20_000))).toHaveProperty('error');
  });

  test('a query with one name a hundred thousand times is read in one go', () => {
    const values = call('urlquery.decode_object', 'a=b&'.repeat(300_000)) as RegoObject;
    expect((values.get('a') as RegoArray).length).toBe(300_000);
  });

  test('a list of allowed names is a pattern as before', () => {
    const names = Array.from({ length: 2000 }, (_, index) => `name-${index}`);
    expect(call('regex.match', `^(${names.join('|')})$`, 'name-1999')).toBe(true);
  });

  test('versions that differ only in leading zeros are compared (OPA 1.20.2 loops for ever)', () => {
    expect(call('semver.compare', '1.2.3-1', '1.2.3-01')).toBe(0);
  });
});

function bomb(): string {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  return names
    .map(
      (name, index) =>
        `${name}: &${name} [${new Array(10).fill(index === 0 ? 'x' : `*${names[index - 1]}`).join(',')}]`,
    )
    .join('\n');
}
