import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import { defaultLimits } from '../filesystem/types.ts';
import { file, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { packageFiles } from './catalog.ts';
import { type DpkgPackage, readDpkg } from './dpkg-database.ts';

async function read(...entries: readonly TestEntry[]): Promise<readonly DpkgPackage[] | undefined> {
  const options = { keep: packageFiles, digests: false, limits: defaultLimits };
  const fileSystem = mergeLayers([await readLayer(ReadableStream.from([tar(entries)]), options)]);
  try {
    return readDpkg(fileSystem);
  } finally {
    fileSystem.close();
  }
}

const statusPath = 'var/lib/dpkg/status';
const sums = `${'0'.repeat(32)}  usr/bin/a\n${'1'.repeat(32)} *./etc/a\nnot a checksum\n`;
const unreadable = { code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' };

describe('the database of dpkg', () => {
  test('paths are as dpkg has them: hidden files at the root keep their dot, and the root is no file', async () => {
    const packages = await read(
      file(statusPath, 'Package: a\nVersion: 1\nArchitecture: amd64\n'),
      file('var/lib/dpkg/info/a:amd64.list', '/.\n/.hidden\n/usr\n/usr/bin/a\n'),
    );
    expect(packages![0]).toMatchObject({ single: false, paths: ['.hidden', 'usr', 'usr/bin/a'] });
  });

  test('a package of several architectures has the list of its own', async () => {
    const packages = await read(
      file(
        statusPath,
        'Package: a\nVersion: 1\nArchitecture: amd64\n\nPackage: a\nVersion: 1\nArchitecture: i386\n',
      ),
      file('var/lib/dpkg/info/a:amd64.list', '/lib64/a\n'),
      file('var/lib/dpkg/info/a:i386.list', '/lib/a\n'),
    );
    expect(packages!.map(({ architecture, paths }) => [architecture, ...paths])).toEqual([
      ['amd64', 'lib64/a'],
      ['i386', 'lib/a'],
    ]);
  });

  test('status.d: each package has a file of its own, with its checksums', async () => {
    const packages = await read(
      file('var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n'),
      file('var/lib/dpkg/status.d/a.md5sums', sums),
    );
    expect(packages).toMatchObject([{ name: 'a', single: true, paths: ['usr/bin/a', 'etc/a'] }]);
  });

  test.each([
    ['status', [symlink(statusPath, '/opt/status'), file('opt/status', 'Package: a\nVersion: 1\n')]],
    ['dpkg', [symlink('var/lib/dpkg', '/opt/dpkg'), file('opt/dpkg/status', 'Package: a\nVersion: 1\n')]],
    ['status.d', [symlink('var/lib/dpkg/status.d', '/opt'), file('opt/a', 'Package: a\nVersion: 1\n')]],
  ])('%s that is a link to where nobody looks is a fault, never empty', async (_, entries) => {
    await expect(read(...entries)).rejects.toMatchObject(unreadable);
  });

  test('nothing installed yet is not the same as no dpkg', async () => {
    expect(await read(file(statusPath, ''))).toEqual([]);
    expect(await read(file('etc/passwd', ''))).toBeUndefined();
  });

  // Each hides the package from a reader that passes over what it does not understand.
  test.each([
    ['without a version', 'Package: a\nStatus: install ok installed\n'],
    ['without a name', 'Status: install ok installed\nVersion: 1\n'],
    ['with a line that is no field', 'Package: a\nVersion 1\n'],
    ['with two versions', 'Package: a\nVersion: 2\nVersion: 1\n'],
    [
      'with two states',
      'Package: a\nVersion: 1\nStatus: deinstall ok config-files\nStatus: install ok installed\n',
    ],
    ['that continues nothing', ' Package: a\n'],
  ])('a package %s is a fault, never left out', async (_, paragraph) => {
    await expect(read(file(statusPath, paragraph))).rejects.toMatchObject(unreadable);
    await expect(read(file('var/lib/dpkg/status.d/a', paragraph))).rejects.toMatchObject(unreadable);
  });

  test('any changes to a database give packages with names and versions, or a fault', async () => {
    const whole =
      'Package: a\nStatus: install ok installed\nVersion: 1:2-3\nSource: b (1)\nDepends: c\n\nPackage: d\nVersion: 1\nConffiles:\n /etc/d 0\n';
    const change = fc.tuple(fc.nat(whole.length), fc.nat(6), fc.string({ unit: 'binary', maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
        let text = whole;
        for (const [at, length, insertion] of changes)
          text = `${text.slice(0, at)}${insertion}${text.slice(at + length)}`;
        try {
          for (const { name, version } of (await read(file(statusPath, text)))!)
            expect(Math.min(name.length, version.length)).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject(unreadable);
        }
      }),
      { numRuns: 50 },
    );
  });
});
