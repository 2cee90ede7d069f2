import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '@pratique/rego';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../policies/', import.meta.url));
const files = globSync('**/*.rego', { cwd: folder }).sort();
const modules = Object.fromEntries(files.map((file) => [file, readFileSync(`${folder}${file}`, 'utf8')]));
const policy = compile({ modules });

const tests = files.flatMap((file) => {
  const text = modules[file]!;
  const name = /^package (\S+)/m.exec(text)?.[1];
  return [...text.matchAll(/^(test_\w+) if/gm)].map(([, rule]) => `data.${name}.${rule}`);
});

test('the policies that come with Pratique have tests', () => {
  expect(tests.length).toBeGreaterThan(30);
});

test.each(tests)('%s', (path) => {
  expect(policy.rule(path).evaluate({})).toBe(true);
});
