import { expect, test } from 'vitest';
import { refText } from '../ast/print.ts';
import { dependencies } from './dependencies.ts';

function named(text: string, query: string) {
  const { base, virtual } = dependencies({ modules: { 'a.rego': `package a\n${text}` } }, query);
  return {
    base: base.map(({ terms }) => refText(terms)),
    virtual: virtual.map(({ terms }) => refText(terms)),
  };
}

test('what a rule needs by way of other rules is listed, so that nobody forgets to provide it', () => {
  const text =
    'allow if { admin; not denied }\nadmin if input.user.role == "x"\ndenied if data.ban[input.user.name]';
  expect(named(text, 'data.a.allow')).toEqual({
    base: ['data.ban', 'input.user.name', 'input.user.role'],
    virtual: ['data.a.admin', 'data.a.allow', 'data.a.denied'],
  });
});

test('else branches, functions, comprehensions and heads count', () => {
  const text = 'p := 1 if input.a\nelse := input.b if f(1)\nf(x) if [y | y := input.c[_]]\nq[input.d] := 1';
  expect(named(text, 'data.a').base).toEqual(['input.a', 'input.b', 'input.c', 'input.d']);
});

test('a path that is not constant ends where it stops being so', () => {
  expect(named('', 'data.x[input.y].z').base).toEqual(['data.x', 'input.y']);
});
