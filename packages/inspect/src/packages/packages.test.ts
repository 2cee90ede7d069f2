import { hash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distroKey } from '../advisories/names.ts';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import { defaultLimits } from '../filesystem/types.ts';
import { elfWithSections, goBuildInfo, zip } from '../testing/formats.ts';
import { rpmBerkeley, rpmHeader, rpmNdb } from '../testing/rpm.ts';
import { directory, file, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { type Catalog, catalogPackages, packageFiles } from './catalog.ts';
import { endOfLife } from './end-of-life.ts';
import { formatPurl, type PurlParts } from './format-purl.ts';
import { parseOsRelease } from './os-release.ts';

const options = { keep: packageFiles, digests: false, limits: defaultLimits };

async function catalog(...layers: (readonly TestEntry[])[]): Promise<Catalog> {
  const read = layers.map((entries) => readLayer(ReadableStream.from([tar(entries)]), options));
  const fileSystem = mergeLayers(await Promise.all(read));
  try {
    return await catalogPackages(fileSystem);
  } finally {
    fileSystem.close();
  }
}

const named = ({ packages }: Catalog) => packages.map(({ name, version }) => `${name} ${version}`);
const debian = file('etc/os-release', 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
const stanza = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');

describe('dpkg', () => {
  const status = [
    stanza({
      Package: 'libc6',
      Status: 'install ok installed',
      Architecture: 'amd64',
      Source: 'glibc (2.36-9)',
      Version: '2.36-9+b1',
      Maintainer: 'M <m@example.com>',
      Description: 'C library\n .\n Package: not-one',
    }),
    stanza({
      Package: 'bash',
      Status: 'install ok unpacked',
      Version: '5.2',
      'Pre-Depends': 'libc6 (>= 2.36) | musl, x',
    }),
    stanza({ Package: 'gone', Status: 'deinstall ok config-files', Version: '1' }),
  ].join('\n');

  test('installed and unpacked packages count, with source, owners, licences and what they need', async () => {
    const found = await catalog(
      [debian, directory('usr/bin'), symlink('bin', 'usr/bin'), file('usr/bin/bash')],
      [
        file('var/lib/dpkg/status', status),
        file('var/lib/dpkg/info/bash.list', '/.\n/bin\n/bin/bash\n'),
        file('usr/share/doc/bash/copyright', 'Format: x\nFiles: *\nLicense: GPL-3+\n text\n'),
      ],
    );
    expect(found.packages).toMatchObject([
      {
        name: 'bash',
        version: '5.2',
        licenses: ['GPL-3+'],
        purl: 'pkg:deb/debian/bash@5.2?distro=debian-12',
      },
      {
        name: 'libc6',
        source: { name: 'glibc', version: '2.36-9' },
        supplier: 'M <m@example.com>',
        purl: 'pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64&distro=debian-12&upstream=glibc%402.36-9',
      },
    ]);
    const [bash, libc] = found.packages;
    // The list says /bin/bash; the file is in usr/bin.
    expect([...found.owners]).toEqual([['usr/bin/bash', bash]]);
    expect(found.dependencies.get(bash!)).toEqual([libc]);
    expect(found.distro).toMatchObject({ id: 'debian', versionId: '12' });
  });

  test('status.d of distroless images, with the files of its checksums', async () => {
    const found = await catalog([
      debian,
      file('etc/x'),
      file('var/lib/dpkg/status.d/base', stanza({ Package: 'base-files', Version: '12.4' })),
      file('var/lib/dpkg/status.d/base.md5sums', `${'0'.repeat(32)}  etc/x\n`),
    ]);
    expect(named(found)).toEqual(['base-files 12.4']);
    expect([...found.owners.keys()]).toEqual(['etc/x']);
  });

  test('a package is of the layer that wrote its list, not of the last one that changed the database', async () => {
    const one = stanza({ Package: 'one', Version: '1' });
    const two = stanza({ Package: 'two', Version: '2' });
    const lower = [file('var/lib/dpkg/status', one), file('var/lib/dpkg/info/one.list', '/etc\n')];
    const upper = [
      file('var/lib/dpkg/status', `${one}\n${two}`),
      file('var/lib/dpkg/info/two.list', '/etc\n'),
    ];
    const { packages } = await catalog(lower, upper);
    expect(packages[0]!.location.layer).not.toBe(packages[1]!.location.layer);
  });

  test('a package that a later layer removed is gone', async () => {
    const lower = [file('var/lib/dpkg/status.d/a', stanza({ Package: 'a', Version: '1' }))];
    expect(named(await catalog(lower, [file('var/lib/dpkg/status.d/.wh.a', '')]))).toEqual([]);
  });
});

test('apk: packages with origin and files, each of the layer that first has it', async () => {
  const musl =
    'C:Q1qqqqqqqqqqqqqqqqqqqqqqqqqqo=\nP:musl\nV:1.2-r0\nA:x86_64\nL:MIT\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:libc.so\n';
  const ssl = 'C:Q1tooshort=\nP:libssl3\nV:3.1-r2\nA:x86_64\no:openssl\nD:so:libc.musl-x86_64.so.1 !old\n';
  const os = file('etc/os-release', 'ID=alpine\nVERSION_ID=3.19.1\n');
  const db = 'lib/apk/db/installed';
  const found = await catalog([os, file('lib/libc.so'), file(db, musl)], [file(db, `${musl}\n${ssl}`)]);
  const [libssl, libc] = found.packages;
  expect(libssl).toMatchObject({
    source: { name: 'openssl', version: '3.1-r2' },
    purl: 'pkg:apk/alpine/libssl3@3.1-r2?arch=x86_64&distro=alpine-3.19.1&upstream=openssl',
  });
  expect(libc?.checksum).toEqual({ algorithm: 'SHA-1', value: 'aa'.repeat(20) });
  expect(libssl?.checksum).toBeUndefined();
  expect(found.owners.get('lib/libc.so')).toBe(libc);
  expect(found.dependencies.get(libssl!)).toEqual([libc]);
  expect(libssl!.location.layer).not.toBe(libc!.location.layer);
});

test('a database of apk that lies elsewhere is a fault, never "no packages"', async () => {
  const entries = [symlink('lib/apk/db/installed', '/opt/db'), file('opt/db', 'P:musl\nV:1.2-r0\n')];
  await expect(catalog(entries)).rejects.toThrow(
    expect.objectContaining({ code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' }),
  );
});

describe('languages', () => {
  const json = (value: unknown) => JSON.stringify(value);

  test('npm: packages of node_modules and programs, not the parts and test data inside packages', async () => {
    const found = await catalog([
      file('app/package.json', json({ name: 'app', version: '1.0.0', license: 'MIT' })),
      file(
        'app/node_modules/@s/a/package.json',
        json({ name: '@s/a', version: '2.0.0', licenses: [{ type: 'ISC' }] }),
      ),
      file('app/node_modules/@s/a/test/package.json', json({ name: 'fixture', version: '0.0.1' })),
      file('app/node_modules/b/esm/package.json', json({ type: 'module' })),
      file('app/node_modules/broken/package.json', '{"name":'),
    ]);
    expect(found.packages).toMatchObject([
      { name: '@s/a', licenses: ['ISC'], purl: 'pkg:npm/%40s/a@2.0.0' },
      { name: 'app', licenses: ['MIT'] },
    ]);
    expect(found.skipped).toMatchObject([{ path: 'app/node_modules/broken/package.json' }]);
  });

  test('npm: what it has written down about the archives, of the version that is there', async () => {
    const integrity = `sha1-x sha512-${Buffer.alloc(64, 0xbb).toString('base64')}`;
    const lock = {
      packages: {
        'node_modules/a': { version: '1.0.0', integrity },
        'node_modules/a/node_modules/b': { version: '1.0.0', integrity },
        'node_modules/newer': { version: '0.9.0', integrity },
        'node_modules/short': { version: '1.0.0', integrity: 'sha512-AAAA' },
        'node_modules/number': { version: '1.0.0', integrity: 5 },
        'node_modules/nothing': null,
      },
    };
    const packages = ['a', 'a/node_modules/b', 'newer', 'short', 'number', 'nothing', 'constructor'];
    const files = (root: string) =>
      packages.map((path) =>
        file(
          `${root}node_modules/${path}/package.json`,
          json({ name: path.split('/').at(-1), version: '1.0.0' }),
        ),
      );
    const known = async (root: string, text: string) => {
      const found = await catalog([...files(root), file(`${root}node_modules/.package-lock.json`, text)]);
      expect(found.packages).toHaveLength(packages.length);
      return found.packages.flatMap(({ name, checksum }) =>
        checksum === undefined ? [] : [[name, checksum]],
      );
    };
    const checksum = { algorithm: 'SHA-512', value: 'bb'.repeat(64) };
    for (const root of ['', 'srv/app/'])
      expect(await known(root, json(lock))).toEqual([
        ['a', checksum],
        ['b', checksum],
      ]);
    for (const text of ['{', '[]', '{"packages":[]}', json({ packages: { 'node_modules/a': [] } })])
      expect(await known('', text)).toEqual([]);
  });

  test('Python: wheels and eggs; what follows the head of METADATA is prose', async () => {
    const found = await catalog([
      file(
        'l/a_b-1.0.dist-info/METADATA',
        'Name: A_b\r\nVersion: 1.0\r\nLicense-Expression: MIT\r\n\r\nVersion: 9\r\n',
      ),
      file(
        'l/c.egg-info/PKG-INFO',
        'Name: c\nVersion: 2\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n',
      ),
      file('l/d-3.egg-info', 'Name: d\nVersion: 3\n'),
    ]);
    expect(found.packages).toMatchObject([
      { name: 'A_b', version: '1.0', purl: 'pkg:pypi/a-b@1.0', licenses: ['MIT'] },
      { name: 'c', licenses: ['BSD License'] },
      { name: 'd', version: '3' },
    ]);
  });

  test('gems', async () => {
    const code =
      'Gem::Specification.new do |s|\n  s.name = "rake".freeze\n  s.version = "13.1.0"\n  s.licenses = ["MIT".freeze]\n';
    const found = await catalog([file('usr/lib/ruby/gems/3.1.0/specifications/rake-13.1.0.gemspec', code)]);
    expect(found.packages).toMatchObject([{ name: 'rake', version: '13.1.0', licenses: ['MIT'] }]);
  });

  test('Go: the release, the modules, and what replaces them', async () => {
    const modules =
      'path\tx/cmd\nmod\tx\t(devel)\t\ndep\ta/b\tv1.0.0\th1:x=\ndep\tc\tv2.0.0\n=>\tfork/c\tv2.0.1\th1:y=\n';
    const program = elfWithSections({
      '.text': Buffer.alloc(5000),
      '.go.buildinfo': goBuildInfo('go1.22.1 X:y', modules),
    });
    const found = await catalog([{ ...file('app', program), mode: 0o755 }]);
    expect(named(found)).toEqual(['a/b v1.0.0', 'fork/c v2.0.1', 'stdlib 1.22.1']);
    expect(found.packages[0]).toMatchObject({ purl: 'pkg:golang/a/b@v1.0.0', location: { path: 'app' } });
  });

  test('the hash of a program is its own, and not that of what it was built with', async () => {
    const go = elfWithSections({
      '.text': Buffer.alloc(5000),
      '.go.buildinfo': goBuildInfo('go1.22.1', 'path\tx\nmod\tx\tv1.0.0\th1:x=\ndep\ta/b\tv1.0.0\th1:x=\n'),
    });
    const crates = {
      packages: [
        { name: 'tool', version: '1.0.0', root: true },
        { name: 'serde', version: '1.0.1' },
      ],
    };
    const rust = elfWithSections({
      '.text': Buffer.alloc(5000),
      '.dep-v0': deflateSync(JSON.stringify(crates)),
    });
    const found = await catalog([
      { ...file('go', go), mode: 0o755 },
      { ...file('rust', rust), mode: 0o755 },
    ]);
    expect(found.packages.map(({ name, checksum }) => [name, checksum?.value])).toEqual([
      ['serde', undefined],
      ['tool', hash('sha256', rust)],
      ['a/b', undefined],
      ['stdlib', undefined],
      ['x', hash('sha256', go)],
    ]);
  });

  test('Rust: what is in the program, not what only its build used', async () => {
    const packages = [
      { name: 'serde', version: '1.0.1' },
      { name: 'cc', version: '1.0.0', kind: 'build' },
    ];
    const section = deflateSync(json({ packages }));
    expect(
      named(await catalog([{ ...file('app', elfWithSections({ '.dep-v0': section })), mode: 0o755 }])),
    ).toEqual(['serde 1.0.1']);
  });

  test('Java: jars in jars, by Maven’s words, else by manifest and file name', async () => {
    const pom = 'groupId=org.slf4j\nartifactId=slf4j-api\nversion=2.0.9\n';
    const inner = zip({ 'META-INF/maven/org.slf4j/slf4j-api/pom.properties': pom });
    const manifest = 'Manifest-Version: 1.0\r\nBundle-SymbolicName: com.example.l\r\n ib;x=y\r\n';
    const found = await catalog([
      file('app.war', zip({ 'WEB-INF/lib/slf4j.jar': inner })),
      file('lib-1.2.jar', zip({ 'META-INF/MANIFEST.MF': manifest })),
      file('broken.jar', 'PK not really'),
    ]);
    expect(found.packages).toMatchObject([
      { name: 'com.example:lib', version: '1.2', purl: 'pkg:maven/com.example/lib@1.2' },
      { name: 'org.slf4j:slf4j-api', version: '2.0.9', location: { path: 'app.war!WEB-INF/lib/slf4j.jar' } },
    ]);
    expect(found.skipped.map(({ path }) => path)).toEqual(['broken.jar']);
  });

  test('what belongs to an operating system package is that package, and is not reported twice', async () => {
    const path = 'usr/lib/python3/dist-packages/x-1.egg-info';
    const found = await catalog([
      file(path, 'Name: x\nVersion: 1\n'),
      file('usr/local/lib/y.egg-info', 'Name: y\nVersion: 1\n'),
      file('var/lib/dpkg/status', stanza({ Package: 'python3-x', Version: '1-1' })),
      file('var/lib/dpkg/info/python3-x.list', `/${path}\n`),
    ]);
    expect(named(found)).toEqual(['python3-x 1-1', 'y 1']);
    expect(found.owned.map(({ name }) => name)).toEqual(['x']);
  });
});

test('a file that looks like what a reduction makes is not taken for it', async () => {
  const forged = JSON.stringify({ digest: 'sha256:x', rust: [{ name: 'forged', version: '1' }] });
  expect((await catalog([file('package.json', forged), file('a.jar', forged)])).packages).toEqual([]);
});

test.each<[PurlParts, string]>([
  [{ type: 'npm', name: '@a/b', version: '1.0.0+x' }, 'pkg:npm/%40a/b@1.0.0%2Bx'],
  [
    { type: 'deb', name: 'g++', version: '4:12.2.0-3', distro: { id: 'debian' } },
    'pkg:deb/debian/g%2B%2B@4:12.2.0-3?distro=debian',
  ],
  [{ type: 'pypi', name: 'Foo_Bar', version: '1' }, 'pkg:pypi/foo-bar@1'],
  [{ type: 'gem', name: "a'b", version: '' }, 'pkg:gem/a%27b'],
])('the package URL of %j', (parts, expected) => {
  expect(formatPurl(parts)).toBe(expected);
});

test('os-release is read without being run, and a release knows its end', () => {
  expect(parseOsRelease('ID="de\\"b"\nNAME=$(rm -rf /)\n')).toMatchObject({ id: 'de"b' });
  expect(parseOsRelease('NAME=x')).toBeUndefined();
  expect(endOfLife({ id: 'alpine', versionId: '3.10.4' })).toBe('2021-05-01');
  expect(endOfLife({ id: 'debian', versionId: 'constructor' })).toBeUndefined();
  expect(endOfLife({ id: 'constructor', versionId: '1' })).toBeUndefined();
  expect(endOfLife({ id: 'rhel', versionId: '9.4' })).toBe('2032-05-31');
  expect(endOfLife({ id: 'opensuse-leap', versionId: '15.5' })).toBe('2024-12-31');
  expect(endOfLife({ id: 'centos', versionId: '8', prettyName: 'CentOS Linux 8' })).toBe('2021-12-31');
  expect(endOfLife({ id: 'centos', versionId: '8', prettyName: 'CentOS Stream 8' })).toBe('2024-05-31');
  expect(endOfLife(parseOsRelease('ID=fedora\nSUPPORT_END=2026-05-13\n')!)).toBe('2026-05-13');
});

test('whatever the files of an image hold, there is a catalog or a coded error', async () => {
  const pom = 'groupId=g\nartifactId=a\nversion=1\n';
  const files: Record<string, Buffer> = {
    'var/lib/dpkg/status': Buffer.from(
      stanza({ Package: 'a', Version: '1', Source: 'b (2)', Depends: 'a | b' }),
    ),
    'lib/apk/db/installed': Buffer.from('P:a\nV:1\nD:x\nF:l\nR:f\n'),
    'var/lib/rpm/Packages': rpmBerkeley([rpmHeader({ 1000: 'b', 1001: '1', 1002: '2' })], { pageBytes: 512 }),
    'usr/lib/sysimage/rpm/Packages.db': rpmNdb([]),
    'etc/os-release': Buffer.from('ID=x\n'),
    'x.jar': zip({
      'META-INF/maven/g/a/pom.properties': pom,
      'b.jar': zip({ 'META-INF/MANIFEST.MF': 'a: b' }),
    }),
    go: elfWithSections({
      '.go.buildinfo': goBuildInfo('go1.2', 'dep\ta\tv1\n'),
      '.dep-v0': deflateSync('{"packages":[]}'),
    }),
    'a.dist-info/METADATA': Buffer.from('Name: a\nVersion: 1\n'),
    'package.json': Buffer.from('{"name":"a","version":"1"}'),
    'specifications/a.gemspec': Buffer.from('s.name = "a"\ns.version = "1"\n'),
  };
  const change = fc.tuple(
    fc.constantFrom(...Object.keys(files)),
    fc.nat(4000),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
      const damaged = Object.fromEntries(
        Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes)]),
      );
      for (const [path, at, bytes] of changes) {
        const target = damaged[path]!;
        if (target.length > 0)
          target.set(bytes.subarray(0, target.length - (at % target.length)), at % target.length);
      }
      try {
        const entries = Object.entries(damaged).filter(([, bytes]) => bytes.length > 0);
        const { packages } = await catalog(
          entries.map(([path, bytes]) => ({ ...file(path, bytes), mode: 0o755 })),
        );
        for (const { purl, version } of packages)
          expect([purl.startsWith('pkg:'), version !== '']).toEqual([true, true]);
      } catch (error) {
        if (!(error instanceof PratiqueError)) throw error;
      }
    }),
    { numRuns: 150 },
  );
});

/** What the distributions' own os-release files say, and what follows: whose advisories count, and until when there are any. */
test.each([
  ['ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"', 'amzn:2023', '2029-06-30'],
  ['ID="amzn"\nVERSION="2023"\nVERSION_ID="2023"\nSUPPORT_END="2028-03-15"', 'amzn:2023', '2028-03-15'],
  ['ID="amzn"\nVERSION_ID="2"', 'amzn:2', '2026-06-30'],
  ['ID=fedora\nVERSION_ID=42\nVARIANT_ID=container', 'fedora:42', '2026-05-13'],
  ['ID="openEuler"\nVERSION="24.03 (LTS-SP1)"\nVERSION_ID="24.03"', 'openeuler:24.03-LTS-SP1', '2026-12-31'],
  ['ID="openEuler"\nVERSION="22.03 LTS"\nVERSION_ID="22.03"', 'openeuler:22.03-LTS', '2024-03-31'],
  ['ID="openEuler"\nVERSION="25.03"\nVERSION_ID="25.03"', 'openeuler:25.03', undefined],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"', 'rocky:9', '2032-05-31'],
  ['ID="almalinux"\nVERSION_ID="8.10"', 'almalinux:8', '2029-03-01'],
  ['ID="ol"\nVERSION_ID="8.9"', 'ol:8', '2029-07-31'],
  ['ID="rhel"\nVERSION_ID="10.1"', 'rhel:10', '2035-05-31'],
  ['ID="centos"\nVERSION_ID="9"\nPRETTY_NAME="CentOS Stream 9"', 'centos-stream:9', '2027-05-31'],
  ['ID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"', 'rhel:7', '2024-06-30'],
  ['ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.6"', 'sles:15.6', '2025-12-31'],
  ['ID="sles"\nVERSION_ID="15"', 'sles:15.0', '2019-12-31'],
  ['ID="sles"\nVERSION_ID="15.7"', 'sles:15.7', '2031-07-31'],
  ['ID="sles"\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"', 'sles:16.0', '2027-11-30'],
  ['ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="8.10"', 'rhel:8', '2029-05-31'],
  ['ID="ol"\nVERSION_ID="10.0"', 'ol:10', undefined],
  ['ID=mariner\nVERSION_ID="2.0"', 'mariner:2', '2025-07-31'],
  ['ID=azurelinux\nVERSION_ID="3.0"', 'azurelinux:3', '2027-08-31'],
  ['ID="opensuse-leap"\nVERSION_ID="15.6"', 'opensuse-leap:15.6', '2026-04-30'],
  ['ID="opensuse-tumbleweed"\nVERSION_ID="20251101"', 'opensuse-tumbleweed', undefined],
  ['ID=wolfi\nVERSION_ID="20230201"', 'wolfi', undefined],
  ['ID=chainguard\nVERSION_ID="20230214"', 'chainguard', undefined],
  // Nobody's advisories are taken for those of a distribution that is only like theirs.
  ['ID="sl-micro"\nID_LIKE="suse"\nVERSION_ID="6.0"', undefined, undefined],
  ['ID="kali"\nID_LIKE="debian"\nVERSION_ID="2025.1"', undefined, undefined],
])('%s is %s, supported until %s', (text, key, until) => {
  const distro = parseOsRelease(text)!;
  expect(distroKey(distro)).toBe(key);
  expect(endOfLife(distro)).toBe(until);
});

test('an os-release that leads to the one of an edition, as Fedora had it', async () => {
  const found = await catalog([
    symlink('etc/os-release', '../usr/lib/os-release'),
    symlink('usr/lib/os-release', 'os.release.d/os-release-fedora'),
    file('usr/lib/os.release.d/os-release-fedora', 'ID=fedora\nVERSION_ID=28\n'),
  ]);
  expect(found.distro).toMatchObject({ id: 'fedora', versionId: '28' });
});
