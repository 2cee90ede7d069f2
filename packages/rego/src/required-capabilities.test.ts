import { expect, test } from 'vitest';
import { parseModule, type RegoVersion } from './ast/index.ts';
import { RegoError } from './errors.ts';
import { requiredCapabilities } from './required-capabilities.ts';

interface Needs {
  readonly builtins?: readonly { readonly name: string }[];
  readonly future_keywords?: readonly string[];
  readonly features?: readonly string[];
}

function needs(rules: string, regoVersion: RegoVersion = 'v1'): Needs {
  const text = `package p\n\n${rules}\n`;
  const module = parseModule(text, { file: 'p.rego', regoVersion });
  return requiredCapabilities(new Map([['p.rego', { module, text }]])) as Needs;
}

function called(rules: string): string[] {
  return needs(rules).builtins?.map(({ name }) => name) ?? [];
}

test('an engine is told to have every function that a policy calls, by name or by an operator', () => {
  expect(called('p := 1')).toEqual([]);
  expect(called('p if { x := input.a; x == 1; y = 2; y in {1 + 1} }')).toEqual([
    'assign',
    'eq',
    'equal',
    'internal.member_2',
    'plus',
  ]);
  expect(called('p if { not lower(input.a) == "a"; print(upper(input.b)) }')).toEqual(
    ['equal', 'eq', 'lower', 'print'].sort(),
  );
  expect(called('p if print(1)')).toEqual(['print']);
  expect(called('p := [count(x) | some x in input] if true else := upper("a")')).toEqual(
    expect.arrayContaining(['count', 'upper']),
  );
});

test('functions that are in none of the modules are no mistake, and not needed of an engine', () => {
  expect(called('p if { lib.f(count(input)) with lib.g as 3; data.other.h(2) }')).not.toContain('lib.f');
  expect(called('p if lib.f(count(input))')).toContain('count');
});

test('mistakes are', () => {
  for (const rules of ['p if q\n\nq if p', 'p := 1 + "a"', 'f(x) := x\n\np := f(1, 2, 3)']) {
    expect(() => needs(rules), rules).toThrow(RegoError);
  }
});

test('what has to be imported, and features that older engines have not', () => {
  expect(needs('p := 1').features).toEqual(['rego_v1']);
  expect(needs('p := $"{input.a}"').features).toEqual(['rego_v1', 'template_strings']);
  const old = needs('import future.keywords.if\n\nq[x].r = 1 if { x = input.a }', 'v0');
  expect([old.future_keywords, old.features]).toEqual([['if'], ['rule_head_refs']]);
  expect(needs('import rego.v1\n\na.b.c := 1', 'v0').features).toEqual([
    'rego_v1_import',
    'rule_head_ref_string_prefixes',
  ]);
  expect(needs('p = 1', 'v0').features).toBeUndefined();
});
