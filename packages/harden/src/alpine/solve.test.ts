import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptsApk, DependencyError, dependencyText, parseDependencies } from './dependencies.ts';
import { parseIndex } from './index-file.ts';
import { type ApkNode, solveApk } from './solve.ts';

const checksum = `Q1${'A'.repeat(27)}=`;

/** `name version` → fields. */
function available(packages: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const text = Object.entries(packages).map(([key, fields]) => {
    const [P, V] = key.split(' ');
    return Object.entries({ P, V, C: checksum, S: '1', ...fields })
      .map(([letter, value]) => `${letter}:${value}\n`)
      .join('');
  });
  return parseIndex(text.join('\n'), 'http://a.test/x86_64');
}

function installed(packages: Parameters<typeof available>[0]): readonly ApkNode[] {
  return available(packages);
}

const solved = (
  wanted: string,
  index: Parameters<typeof available>[0],
  there: Parameters<typeof available>[0] = {},
) =>
  solveApk(parseDependencies(wanted), installed(there), available(index)).map(
    ({ name, version }) => `${name}-${version}`,
  );
const unmet = expect.objectContaining({ code: 'DEPENDENCY_UNMET', kind: 'denial' });

test('the newest, with what it needs: packages, libraries and commands', () => {
  expect(
    solved('app', {
      'app 1-r0': { D: 'gone' },
      'app 2-r0': { D: 'so:libz.so.1 cmd:sh tool>=2' },
      'zlib 1.3-r0': { p: 'so:libz.so.1=1.3' },
      'busybox 1.36-r0': { p: 'cmd:sh=1.36-r0' },
      'tool 1-r0': {},
      'tool 2.1-r0': {},
    }),
  ).toEqual(['app-2-r0', 'busybox-1.36-r0', 'tool-2.1-r0', 'zlib-1.3-r0']);
});

test('what is installed and will do stays; what is asked for by name is brought up to date', () => {
  const index = { 'app 1-r0': { D: 'lib' }, 'lib 2-r0': {} };
  expect(solved('app', index, { 'lib 1-r0': {} })).toEqual(['app-1-r0']);
  expect(solved('lib', index, { 'lib 1-r0': {} })).toEqual(['lib-2-r0']);
  expect(solved('lib', index, { 'lib 2-r0': {} })).toEqual([]);
});

test('what an upgrade leaves without its library is upgraded with it, or the upgrade is refused', () => {
  const there = { 'ssl 1-r0': { p: 'so:libssl.so.1=1' }, 'curl 1-r0': { D: 'so:libssl.so.1' } };
  const ssl = { 'ssl 3-r0': { p: 'so:libssl.so.3=3' } };
  expect(solved('ssl', { ...ssl, 'curl 2-r0': { D: 'so:libssl.so.3' } }, there)).toEqual([
    'curl-2-r0',
    'ssl-3-r0',
  ]);
  expect(() => solved('ssl', ssl, there)).toThrow(unmet);
});

test('of several providers the one of that name, then one installed, then by priority, then by name', () => {
  const index = {
    'b 1-r0': { p: 'virtual' },
    'a 1-r0': { p: 'virtual' },
    'c 1-r0': { p: 'virtual', k: '10' },
  };
  expect(solved('virtual', index)).toEqual(['c-1-r0']);
  expect(solved('virtual', { 'b 1-r0': { p: 'virtual' }, 'a 1-r0': { p: 'virtual' } })).toEqual(['a-1-r0']);
  expect(solved('virtual', { ...index, 'virtual 1-r0': {} })).toEqual(['virtual-1-r0']);
});

test.each([
  ['something nobody has', 'app', { 'app 1-r0': { D: 'nothing' } }, {}],
  ['a version nobody has', 'app>2', { 'app 1-r0': {} }, {}],
  [
    'a version of something that is provided without one',
    'app',
    { 'app 1-r0': { D: 'x>1' }, 'y 2-r0': { p: 'x' } },
    {},
  ],
  [
    'two versions of one package',
    'a b',
    { 'a 1-r0': { D: 'lib=1-r0' }, 'b 1-r0': { D: 'lib=2-r0' }, 'lib 1-r0': {}, 'lib 2-r0': {} },
    {},
  ],
  ['what must not be there', 'app', { 'app 1-r0': { D: '!old' } }, { 'old 1-r0': {} }],
  ['what must not be there, from the other side', 'app', { 'app 1-r0': {} }, { 'old 1-r0': { D: '!app' } }],
])('%s is refused', (_name, wanted, index, there) => {
  expect(() => solved(wanted, index as never, there as never)).toThrow(unmet);
});

test('a ring of dependencies ends', () => {
  expect(solved('a', { 'a 1-r0': { D: 'b' }, 'b 1-r0': { D: 'a' } })).toEqual(['a-1-r0', 'b-1-r0']);
});

test.each([
  ['~1.2', ['1.2', '1.2.3', '1.2-r4', '1.2_rc1'], ['1.20', '1.3', '1']],
  ['=1.2-r0', ['1.2-r0'], ['1.2-r1', '1.2']],
  ['>1.2', ['1.2.1', '1.3', '1.2-r1'], ['1.2', '1.2_rc1']],
  ['<1.2', ['1.1', '1.2_rc1'], ['1.2', '1.2.1']],
  ['>=1.2', ['1.2', '1.3'], ['1.1']],
  ['<=1.2', ['1.2', '1.1'], ['1.2-r1']],
])('x%s accepts some versions and not others', (constraint, yes, no) => {
  const [dependency] = parseDependencies(`x${constraint}`);
  for (const version of yes) expect(acceptsApk(dependency!, version), version).toBe(true);
  for (const version of no) expect(acceptsApk(dependency!, version), version).toBe(false);
});

test('dependencies are written as they are read, and nothing else is read', () => {
  for (const text of ['a', '!a', 'so:x.so.1=1.2', 'cmd:[', 'py3.11:x>=1~abc-r0', 'a~1'])
    expect(parseDependencies(text).map(dependencyText)).toEqual([text]);
  for (const text of ['a@edge', '=1', 'a><Q1x', 'a=', '!'])
    expect(() => parseDependencies(text)).toThrow(DependencyError);
  const read = (text: string) => {
    try {
      return parseDependencies(text);
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      return [];
    }
  };
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      for (const { name } of read(text)) expect(name).toMatch(/^[^\s!@<>=~][^\s@<>=~]*$/);
    }),
  );
});
