import { compile, RegoError } from '@pratique/rego';
import { expect, test } from 'vitest';
import { hint } from './hints.ts';

/** What people are told of a mistake in a module. */
function advice(rules: string): string | undefined {
  const text = `package p\n\n${rules}\n`;
  try {
    compile({ modules: { 'p.rego': text }, strict: true });
  } catch (error) {
    if (error instanceof RegoError) return hint(error.problems[0]!, new Map([['p.rego', text]]));
    throw error;
  }
  throw new Error('compiles');
}

test.each<[string, RegExp]>([
  ['allow { input.x }', /this is Rego v0/],
  ['f(x) { x == 1 }', /this is Rego v0/],
  ['deny[msg] { msg := "x" }', /this is Rego v0/],
  ['allow if input.x && input.y', /no &&/],
  ['allow if input.x || input.y', /second rule of the same name/],
  ['allow if !input.x', /write not/],
  ["allow if input.x == 'a'", /double quotes/],
  ['allow if input.x === 1', /compare with ==/],
  ['allow if { for x in input.xs { x } }', /some x in xs/],
  ['allow if { return true }', /head of the rule/],
  ['allow if {\n\tinput.x', /not closed/],
  ['import lib.x', /import data\.lib\.x/],
  ['default allow := input.x', /a default is a constant/],
  ['allow if usr == "al"', /give the variable a value/],
  ['allow if not x in input.xs', /a negation gives no variable a value/],
  ['allow if input.a-b == 1', /needs brackets: input\["a-b"\]/],
  ['allow if starts_with(input.x, "a")', /did you mean startswith\?/],
  ['is_admin(u) if u == 1\n\nallow if isadmin(1)', /did you mean is_admin\?/],
  ['allow if helper(1)', /check the spelling and the package/],
  ['allow if startswith(input.x)', /number of arguments/],
  ['f(x) := x\n\nallow if f(1, 2, 3)', /number of arguments/],
  ['allow if count(1) > 0', /of another type than the function takes/],
  ['allow if { x := 1; x == "a" }', /can never be equal/],
  ['allow if { x := 1; x := 2; x }', /has one value/],
  ['allow if { x = 1; x := 2 }', /has one value/],
  ['a := 1\n\na contains 2', /rules of one name/],
  ['allow if allow', /no recursion/],
  ['allow if { x := 1 }', /remove it/],
])('%s', (rules, expected) => {
  expect(advice(rules)).toMatch(expected);
});

test('a name that is like no other is not guessed', () => {
  expect(advice(`allow if ${'x'.repeat(5000)}(1)`)).toMatch(/check the spelling/);
});
