import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSettings } from './settings.ts';

test('nothing said is a strip with the profile minimal, and nothing else', () => {
  expect(parseSettings('', 'x')).toEqual({
    strip: { profile: 'minimal', mode: 'package', keep: [] },
    upgrade: false,
    add: {
      packages: [],
      files: [],
      directories: [],
      tars: [],
      images: [],
      replaces: [],
      scriptsNotNeeded: [],
    },
    layers: 'squash',
    compression: 'gzip',
    tests: { files: [], allowNotRun: false },
    policy: { files: [], parameters: {}, data: {} },
    run: {},
    labels: {},
  });
});

test('nothing is taken out where that is said', () => {
  expect(parseSettings('strip: false', 'x').strip).toBe(false);
});

test.each([
  ['a misspelt setting', 'stripp: {}', 'stripp is not a known setting'],
  ['another profile', 'strip: { profile: tiny }', 'strip.profile'],
  ['a keep that is no path', 'strip: { keep: [bash] }', 'strip.keep.0'],
  ['a package that is a command', 'add: { packages: ["nginx; rm -rf /"] }', 'add.packages.0'],
  ['a mode that is none', 'add: { files: [{ from: a, to: /a, mode: "999" }] }', 'add.files.0.mode'],
  ['a test file that is none', 'tests: { files: [1] }', 'tests.files.0'],
  [
    'a misspelt permission',
    'tests: { allowNotRunning: true }',
    'tests.allowNotRunning is not a known setting',
  ],
  ['policies beside `files`', 'policy: [a.rego]', 'policy'],
  ['a place that leads out', 'add: { tars: [{ from: a, to: /../etc }] }', 'add.tars.0.to'],
  ['an owner by name', 'add: { directories: [{ from: a, to: /a, owner: root }] }', 'add.directories.0.owner'],
  ['a registry with credentials', 'add: { npm: { registry: "https://a:b@c" } }', 'add.npm.registry'],
  ['another way of layers', 'layers: flat', 'layers'],
  ['an unquoted label', 'labels: { a: 1 }', 'labels.a'],
  ['no YAML', 'a: [', 'x: '],
  ['a list', '[1]', 'not a mapping'],
])('%s is refused with its name', (_name, yaml, text) => {
  expect(() => parseSettings(yaml, 'x')).toThrow(
    expect.objectContaining({ code: 'HARDEN_SETTINGS_INVALID' }),
  );
  expect(() => parseSettings(yaml, 'x')).toThrow(text);
});

test.each([
  ['stripp: {}', 'strip, upgrade, add, platforms'],
  ['strip: { profil: minimal }', 'profile, mode, keep'],
  ['add: { files: [{ from: a, to: /a, mod: "1" }] }', 'from, to, owner, mode'],
  ['add: { npm: { registry: "https://a", package: [] } }', 'registry, packages, locks'],
])('a setting that is not known, %s, is told with those that are there', (yaml, known) => {
  const refused = expect.objectContaining({ expected: expect.stringContaining(known) });
  expect(() => parseSettings(yaml, 'x')).toThrow(refused);
});

test('YAML that is none is told on one line', () => {
  expect(() => parseSettings('strip: [\n', 'x')).toThrow(/^x: [^\n\\]+ at line 2, column 1$/);
});

test('the settings about packages of Alpine in docs/harden.md are settings', () => {
  const page = readFileSync(new URL('../../../../docs/harden.md', import.meta.url), 'utf8');
  const [, yaml] = /^```yaml\n([\s\S]*?)^```/m.exec(page.slice(page.indexOf('\n## Packages')))!;
  const { keys, add } = parseSettings(yaml!, 'docs/harden.md');
  expect([keys, add.packages]).toEqual([['keys/alpine-devel.rsa.pub'], ['nginx~1.28', 'curl']]);
});

test('the settings in docs/harden.md are settings', () => {
  const page = readFileSync(new URL('../../../../docs/harden.md', import.meta.url), 'utf8');
  const [, yaml] = /^```yaml\n([\s\S]*?)^```/m.exec(page)!;
  expect(parseSettings(yaml!, 'docs/harden.md').add.packages).toEqual(['nginx']);
});
