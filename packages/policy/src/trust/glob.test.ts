import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob, compileReferenceGlob, globProblem, referenceGlobProblem } from './glob.ts';

const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
  ['localhost:*/guestbook-*', 'localhost:5000/guestbook-dev', true],
  ['localhost:*/guestbook-*', 'localhost:5000/guestbook-dev/evil', false],
  ['localhost:*/guestbook-*', 'localhost:5000/x/guestbook-dev', false],
  ['localhost:*/guestbook-*', 'localhost.evil:5000/guestbook-dev', false],
  ['ghcr.io/acme/**', 'ghcr.io/acme/a/b/c', true],
  ['ghcr.io/acme/**', 'ghcr.io/acme', false],
  ['ghcr.io/acme/*', 'ghcr.io/acme/a/b', false],
  ['ghcr.io/acme/*', 'ghcrXio/acme/a', false],
  ['ghcr.io/acme/*', 'evil.example/ghcr.io/acme/a', false],
  ['**', 'any.example:1/a/b', true],
  ['*/app', 'registry.example/app', true],
  ['*/app', 'registry.example/team/app', false],
  ['alpine', 'index.docker.io/library/alpine', true],
  ['alpine', 'evil.example/library/alpine', false],
  ['acme/*', 'index.docker.io/acme/shop', true],
  ['docker.io/acme/*', 'index.docker.io/acme/shop', true],
  ['GHCR.io/acme/*', 'ghcr.io/acme/shop', true],
  ['ghcr.io:443/acme/*', 'ghcr.io/acme/shop', true],
  ['registry-1.docker.io/acme/*', 'index.docker.io/acme/shop', true],
  ['localhost/app', 'localhost/app', true],
  ['[::1]:5000/app', '[::1]:5000/app', true],
  ['[::1]:5000/app', ':5000/app', false],
  ['ghcr.io/acme/app-?', 'ghcr.io/acme/app-1', true],
  ['ghcr.io/acme/app-?', 'ghcr.io/acme/app-/', false],
];

test.each(cases)('pattern %s against %s: %s', (pattern, name, matches) => {
  expect(globProblem(pattern)).toBeUndefined();
  expect(compileGlob(pattern).matches(name, `${name}:latest`)).toBe(matches);
});

test.each([
  '',
  '*',
  '***',
  'a//b',
  '/a',
  'a/',
  'ghcr.io/a:1',
  'ghcr.io/a@sha256:0',
  'a b',
  'ghcr.io/(a|b)',
  'é/a',
])('a pattern that could not mean what its author thinks is refused: %j', (pattern) => {
  expect(globProblem(pattern)).toBeTypeOf('string');
});

test('a pattern without wildcards matches its own name and nothing else', () => {
  const name = fc.stringMatching(/^[a-z]{1,5}\.[a-z]{2}\/[a-z]{1,5}(\/[a-z]{1,5})?$/);
  fc.assert(
    fc.property(name, name, (pattern, other) => {
      expect(compileGlob(pattern).matches(other, `${other}:latest`)).toBe(pattern === other);
    }),
  );
});

test('a long pattern full of stars does not take forever on a name that almost matches', () => {
  const glob = compileGlob(`r.io/${'a*'.repeat(20)}b`);
  expect(glob.matches(`r.io/${'a'.repeat(200)}`, '')).toBe(false);
});

test('a pattern over references full of stars does not take forever either', () => {
  const glob = compileReferenceGlob(`r.io/${'a**'.repeat(20)}b:v1`);
  expect(glob.matches('', `r.io/${'a'.repeat(200)}:v1`)).toBe(false);
});

test.each(['r.io/a:1?', 'r.io/(a|b):1', 'r.io/a:[0-9]', `r.io/${'a'.repeat(600)}:1`])(
  'a pattern over references that policy-controller has no meaning for is refused: %j',
  (pattern) => {
    expect(referenceGlobProblem(pattern)).toBeTypeOf('string');
  },
);
