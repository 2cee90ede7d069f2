import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paragraph } from '../testing/repository.ts';
import { PackageIndex } from './package-index.ts';
import { parseRelations } from './relations.ts';
import { type Installed, solve } from './solve.ts';

const source = { uri: 'http://m.test', suite: 's', components: ['main'], signedBy: null };
const index = (...packages: readonly string[]) => new PackageIndex(packages.join('\n'), source);
const want = (text: string) => parseRelations(text).flat();
const names = (found: readonly { name: string; version: string }[]) =>
  found.map(({ name, version }) => `${name}=${version}`);
const installed = (name: string, version: string, provides = ''): Installed => ({
  name,
  version,
  provides: parseRelations(provides),
});

test('the newest version, with all that it needs', () => {
  const indexes = [
    index(paragraph('app', { Version: '1', Depends: 'lib (>= 2)' }), paragraph('lib', { Version: '2' })),
    index(
      paragraph('app', { Version: '1.1', Depends: 'lib (>= 2.1)' }),
      paragraph('lib', { Version: '2.1', 'Pre-Depends': 'base' }),
      paragraph('base'),
    ),
  ];
  expect(names(solve(want('app'), [], indexes))).toEqual(['app=1.1', 'base=1.0-1', 'lib=2.1']);
});

test('packages that need each other end', () => {
  const indexes = [index(paragraph('a', { Depends: 'b' }), paragraph('b', { Depends: 'a' }))];
  expect(names(solve(want('a'), [], indexes))).toEqual(['a=1.0-1', 'b=1.0-1']);
});

test('what is installed stays where it will do, and is replaced where it will not', () => {
  const indexes = [index(paragraph('app', { Depends: 'lib (>= 1)' }), paragraph('lib', { Version: '3' }))];
  expect(names(solve(want('app'), [installed('lib', '2')], indexes))).toEqual(['app=1.0-1']);
  expect(names(solve(want('app'), [installed('lib', '0.5')], indexes))).toEqual(['app=1.0-1', 'lib=3']);
  expect(names(solve(want('lib'), [installed('lib', '2')], indexes))).toEqual(['lib=3']);
});

test('alternatives in their order, and the first that there is', () => {
  const indexes = [
    index(paragraph('app', { Depends: 'gone | second | third' }), paragraph('second'), paragraph('third')),
  ];
  expect(names(solve(want('app'), [], indexes))).toEqual(['app=1.0-1', 'second=1.0-1']);
  expect(names(solve(want('app'), [installed('third', '1')], indexes))).toEqual(['app=1.0-1']);
});

test('a provider stands for a name; for a version only with one', () => {
  const plain = index(paragraph('app', { Depends: 'awk' }), paragraph('mawk', { Provides: 'awk' }));
  expect(names(solve(want('app'), [], [plain]))).toEqual(['app=1.0-1', 'mawk=1.0-1']);
  const versioned = (provides: string) =>
    index(paragraph('app', { Depends: 'api (>= 2)' }), paragraph('lib', { Provides: provides }));
  expect(names(solve(want('app'), [], [versioned('api (= 2)')]))).toEqual(['app=1.0-1', 'lib=1.0-1']);
  for (const provides of ['api', 'api (= 1)'])
    expect(() => solve(want('app'), [], [versioned(provides)])).toThrow(
      expect.objectContaining({ code: 'DEPENDENCY_UNMET' }),
    );
});

test.each([
  ['nothing has it', 'app (>= 2)', 'no source has app (>= 2)'],
  ['what it needs is not there', 'app', 'app needs gone, which no source has'],
])('where %s it fails, and says so', (_name, wanted, message) => {
  const indexes = [index(paragraph('app', { Depends: 'gone' }))];
  expect(() => solve(want(wanted), [], indexes)).toThrow(message);
});

test('whatever is chosen has all that it needs, chosen or installed', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const depends = fc.array(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.dictionary(name, depends), name, fc.subarray(['a', 'b']), (graph, wanted, there) => {
      const given = Object.entries(graph).map(([each, groups]) =>
        paragraph(
          each,
          groups.length === 0 ? {} : { Depends: groups.map((group) => group.join(' | ')).join(', ') },
        ),
      );
      let found: ReturnType<typeof solve>;
      try {
        found = solve(
          want(wanted),
          there.map((one) => installed(one, '1')),
          [index(...given)],
        );
      } catch (error) {
        expect(error).toMatchObject({ code: 'DEPENDENCY_UNMET' });
        return;
      }
      const present = new Set([...found.map((one) => one.name), ...there]);
      expect(found.map((one) => one.name)).toContain(wanted);
      for (const { depends } of found)
        for (const group of depends) expect(group.some((relation) => present.has(relation.name))).toBe(true);
    }),
  );
});
