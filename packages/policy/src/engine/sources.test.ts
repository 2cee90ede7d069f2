import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { defaultPolicies, loadPolicies } from './sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-policies-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the policies that come with Pratique are all there, without their tests', () => {
  const paths = defaultPolicies().map(({ path }) => path);
  expect(paths).toEqual([
    'pratique:image/base.rego',
    'pratique:image/digest.rego',
    'pratique:image/environment.rego',
    'pratique:image/evidence.rego',
    'pratique:image/packages.rego',
    'pratique:image/registry.rego',
    'pratique:image/signed.rego',
    'pratique:image/vulnerabilities.rego',
    'pratique:lib/lib.rego',
    'pratique:request/environment.rego',
    'pratique:request/reference.rego',
  ]);
});

test('a folder gives its policies in order, and neither tests nor other files', () => {
  mkdirSync(join(folder, 'b'));
  for (const name of ['b/two.rego', 'a.rego', 'a_test.rego', 'notes.txt'])
    writeFileSync(join(folder, name), name);
  expect(loadPolicies([folder])).toEqual([
    { path: join(folder, 'a.rego'), text: 'a.rego' },
    { path: join(folder, 'b/two.rego'), text: 'b/two.rego' },
  ]);
});

test.each(['missing.rego', 'empty'])('a path without policies is an error, not "no policies": %s', (name) => {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  expect(() => loadPolicies([join(folder, name)])).toThrow(
    expect.objectContaining({ code: 'POLICY_UNREADABLE' }),
  );
});
