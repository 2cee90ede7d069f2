import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RegoError } from '../errors.ts';
import { compile, type Policy, type QueryResult } from '../query.ts';
import { compareStrings } from '../values/index.ts';
import type { PartialOptions } from './partial.ts';
import { DATA, inputs, policies } from './testing/policies.ts';

/*
 * What is left of a query when some of the input is not known, evaluated with all of it, must be what the query gives.
 */

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

test('a function whose answer may be another later is called for whoever asks for it now, and left for others', () => {
  const policy = compile({
    modules: { 'p.rego': 'package p\nlate if time.now_ns() > input.t\nold if time.now_ns() > 5' },
  });
  const now = { timeNs: 7n, nondeterministic: true };
  expect(policy.partial('data.p.old').queries).toEqual(['time.now_ns() > 5']);
  expect(policy.partial('data.p.old', now).queries).toEqual(['']);
  expect(policy.partial('data.p.old', { ...now, timeNs: 3n }).queries).toEqual([]);
  expect(policy.partial('data.p.late', now).queries).toEqual(['7 > input.t']);
});

test('a prepared query is left the same way each time, and by what is known that time', () => {
  const policy = compile({ modules: { 'p.rego': 'package p\nallow if { input.a == 1; input.b == 2 }' } });
  const query = policy.partialQuery('data.p.allow');
  const unknowns = ['input.b'];
  expect(query.evaluate().queries).toEqual(['input.a = 1\ninput.b = 2']);
  expect(query.evaluate({ unknowns, input: { a: 1 } }).queries).toEqual(['input.b = 2']);
  expect(query.evaluate({ unknowns, input: { a: 2 } }).queries).toEqual([]);
  expect(query.evaluate().queries).toEqual(['input.a = 1\ninput.b = 2']);
});
