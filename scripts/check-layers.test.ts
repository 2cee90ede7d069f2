import { init } from 'es-module-lexer';
import { beforeAll, expect, test } from 'vitest';
import { checkLayers, problemsOf } from './check-layers.ts';

const oci = { name: '@pratique/oci', dependencies: { '@pratique/errors': '0.1.0', valibot: '1' } };

beforeAll(() => init);

test('importing a floor below and a declared library is fine', () => {
  expect(
    problemsOf("import { a } from '@pratique/errors';\nimport * as v from 'valibot';\na(v);", oci, false),
  ).toEqual([]);
});

test('importing a floor above is refused, by value and by type', () => {
  expect(problemsOf("import { a } from '@pratique/policy';\na();", oci, true)).toHaveLength(1);
  expect(
    problemsOf("import type { A } from '@pratique/policy';\nexport type B = A;", oci, true),
  ).toHaveLength(1);
});

test('importing the same floor is refused', () => {
  const registry = { name: '@pratique/registry', dependencies: { '@pratique/sigstore': '0.1.0' } };
  expect(problemsOf("import { a } from '@pratique/sigstore';\na();", registry, false)).toHaveLength(1);
});

test('an undeclared library is refused outside tests', () => {
  expect(problemsOf("import x from 'left-pad';\nx();", oci, false)).toHaveLength(1);
  expect(problemsOf("import x from 'vitest';\nx();", oci, true)).toEqual([]);
});

test("reaching into another package's files is refused", () => {
  expect(problemsOf("import { a } from '../../errors/src/catalog.ts';\na();", oci, false)).toHaveLength(1);
  expect(problemsOf("import { a } from '@pratique/errors/src/catalog.ts';\na();", oci, true)).toHaveLength(1);
});

test('what a package exports for tests is for tests only', () => {
  const source = "import { a } from '@pratique/errors/testing/x';\na();";
  expect(problemsOf(source, oci, true)).toEqual([]);
  expect(problemsOf(source, oci, false)).toHaveLength(1);
});

test('this repository keeps its floors', async () => {
  expect(await checkLayers(new URL('..', import.meta.url).pathname)).toEqual([]);
});
