import fc from 'fast-check';

/** Policies put together from expressions over `input.a`, `input.b`, `input.xs` and rules before, and inputs of them. */

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

export const policies = fc
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

export const inputs = fc.record(
  {
    a: fc.integer({ min: 0, max: 3 }),
    b: fc.integer({ min: 0, max: 3 }),
    c: fc.record({ d: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
    xs: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    k: fc.constantFrom('u', 'v'),
  },
  { requiredKeys: [] },
);

export const DATA = { n: 2, ms: [1, 3], o: { u: true, v: false } };
