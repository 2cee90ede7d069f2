import { compile, RegoError } from '@pratique/rego';
import { expect, test } from 'vitest';
import { hostFunctions } from './host-functions.ts';

function evaluate(expression: string, strict = true): unknown {
  const policy = compile({
    modules: { 'p.rego': `package p\n\nx := ${expression}` },
    builtins: hostFunctions,
  });
  return policy.rule('data.p.x').evaluate({}, { strictBuiltinErrors: strict });
}

test.each([
  [
    'oci.parse_reference("alpine")',
    { registry: 'index.docker.io', repository: 'library/alpine', tag: null, digest: null },
  ],
  ['oci.parse_reference("ghcr.io/a/b:1").tag', '1'],
  ['purl.parse("pkg:deb/debian/openssl@3.0.1?arch=amd64").qualifiers.arch', 'amd64'],
  ['purl.parse("pkg:npm/%40a/b@1").namespace', '@a'],
  ['pratique.compare_versions("deb", "1.0~rc1", "1.0")', -1],
  ['pratique.compare_versions("npm", "1.10.0", "1.9.0")', 1],
  ['pratique.compare_versions("pypi", "1.0", "1.0.0")', 0],
  ['sigstore.predicate_type("spdxjson")', 'https://spdx.dev/Document'],
])('%s', (expression, value) => {
  expect(evaluate(expression)).toEqual(value);
});

test.each([
  'oci.parse_reference("no such thing")',
  'purl.parse("openssl")',
  'pratique.compare_versions("deb", "", "1")',
  'pratique.compare_versions("constructor", "1", "1")',
  'sigstore.predicate_type("nothing")',
])('%s is an error, and no answer', (expression) => {
  expect(() => evaluate(expression)).toThrow(RegoError);
  expect(evaluate(expression, false)).toBeUndefined();
});
