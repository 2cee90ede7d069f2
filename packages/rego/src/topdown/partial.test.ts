import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RegoError } from '../errors.ts';
import { compile, type PartialOptions, type Policy, type QueryResult } from '../query.ts';
import { compareStrings } from '../values/index.ts';

/*
 * Policies put together from expressions over `input.a`, `input.b`, `input.xs` and rules before: what is left of a query
 * when some of the input is not known, evaluated with all of it, must be what the query gives.
 */

const operand = fc.constantFrom('input.a', 'input.b', 'input.c.d', '1', '2', 'data.n', 'count(input.xs)');
const comparison = fc
  .tuple(operand, fc.constantFrom('==', '!=', '<', '>='), operand)
  .map(([left, operator, right]) => `${left} ${operator} ${right}`);
const expression = fc.oneof(
  { weight: 4, arbitrary: comparison },
  fc.constantFrom(
    'some x in input.xs; x > 1',
    'y := input.a; y > 1',
    'every x in input.xs { x > 0 }',
    'input.c',
    '2 in input.xs',
    'data.ms[_] == input.b',
    'data.o[input.k]',
    'count([x | some x in input.xs; x > 1]) > 0',
    'data.p.s[input.a]',
    'data.p.f(input.a)',
    'data.p.g(input.b, 1)',
    'data.p.o.b == input.a',
    'data.p.q with input.a as 2',
    'data.p.d == 1',
    'data.p.e == 2',
    'data.p.r0',
    'data.p.r1',
  ),
  comparison.map((text) => `not ${text}`),
  fc.constantFrom(
    'not data.p.r0',
    'not data.p.r1',
    'not data.p.q',
    'not data.p.f(input.b)',
    'not input.c',
    'not data.p.s[2]',
  ),
);
const body = fc
  .uniqueArray(expression, { minLength: 1, maxLength: 3 })
  .map((exprs) => `{ ${exprs.join('; ')} }`);
const simple = comparison.filter((text) => !text.includes('data.p'));

const policies = fc
  .record({
    r0: fc.array(simple, { minLength: 1, maxLength: 2 }),
    r1: fc.array(simple, { minLength: 1, maxLength: 2 }),
    top: fc.array(body, { minLength: 1, maxLength: 3 }),
    isDefault: fc.boolean(),
  })
  .map(
    ({ r0, r1, top, isDefault }) => `package p
q if input.a == 2
d := 1 if input.a > 1
default e := 1
e := 2 if input.b == 2
s contains x if some x in input.xs
o[k] := v if some k, v in {"a": 1, "b": 2}
f(x) if x > 1
g(x, y) := x + y
${r0.map((text) => `r0 if { ${text} }`).join('\n')}
${r1.map((text) => `r1 if { ${text}; not r0 }`).join('\n')}
${isDefault ? 'default top := false' : ''}
${top.map((text) => `top if ${text}`).join('\n')}
`,
  );

const inputs = fc.record(
  {
    a: fc.integer({ min: 0, max: 3 }),
    b: fc.integer({ min: 0, max: 3 }),
    c: fc.record({ d: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
    xs: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    k: fc.constantFrom('u', 'v'),
  },
  { requiredKeys: [] },
);

const DATA = { n: 2, ms: [1, 3], o: { u: true, v: false } };

function answers(run: () => readonly QueryResult[]): readonly string[] | string {
  try {
    const texts = run().map(({ bindings: { x } }) => (x === undefined ? 'true' : JSON.stringify(x)));
    return [...new Set(texts)].sort(compareStrings);
  } catch (error) {
    if (error instanceof RegoError) return error.code;
    throw error;
  }
}

/** Some comparisons cannot hold by their types, and do not compile. */
function compiled(modules: Readonly<Record<string, string>>): Policy | undefined {
  try {
    return compile({ modules, data: DATA });
  } catch (error) {
    if (error instanceof RegoError && error.code === 'rego_type_error') return undefined;
    throw error;
  }
}

function check(policy: string, query: string, input: object, options: PartialOptions): void {
  const modules = { 'p.rego': policy };
  const known = options.unknowns?.every((path) => path !== 'input') === true;
  const full = compiled(modules);
  fc.pre(full !== undefined);
  const left = full.partial(query, { ...options, ...(known ? { input } : {}) });
  const support = Object.fromEntries(left.modules.map((text, index) => [`support${index}.rego`, text]));
  const rest = compile({ modules: { ...modules, ...support }, data: DATA });
  const expected = answers(() => full.query(query).evaluate(input));
  // Of a query that is one expression, false is an answer too; with another, it is none.
  const found = answers(() => left.queries.flatMap((text) => rest.query(`${text}\ntrue`).evaluate(input)));
  const shown = `${policy}\n# ${query} ${JSON.stringify(input)}\n${left.queries.join('\n---\n')}\n${left.modules.join('\n')}`;
  expect(found, shown).toEqual(expected);
}

const OPTIONS: readonly PartialOptions[] = [
  {},
  { shallow: true },
  { unknowns: ['input.a', 'input.xs'] },
  { disableInlining: ['data.p.r0'] },
];

test('what partial evaluation leaves gives, with the unknowns known, what the query gives', () => {
  fc.assert(
    fc.property(
      policies,
      fc.array(inputs, { minLength: 2, maxLength: 4 }),
      fc.constantFrom(...OPTIONS),
      (policy, worlds, options) => {
        for (const input of worlds) {
          check(policy, 'data.p.top = true', input, options);
          check(policy, 'x = data.p.top', input, options);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a query that cannot be satisfied leaves nothing, and one that is satisfied leaves the empty query', () => {
  const policy = compile({
    modules: { 'p.rego': 'package p\np if { 1 == 2; input.x }\nq if data.n == 2' },
    data: DATA,
  });
  expect(policy.partial('data.p.p').queries).toEqual([]);
  expect(policy.partial('data.p.q').queries).toEqual(['']);
});

test('a path that is none is refused', () => {
  const policy = compile({ modules: {} });
  expect(() => policy.partial('input.x', { unknowns: ['foo.bar'] })).toThrow('foo.bar is not a path');
  expect(() => policy.partial('input.x', { disableInlining: ['data[x]'] })).toThrow('data[x] is not a path');
});
