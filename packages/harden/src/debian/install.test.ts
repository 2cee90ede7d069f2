import { buildLayer, type LayerEntry } from '@pratique/oci';
import { expect, test } from 'vitest';
import { readDatabase } from '../strip/installed.ts';
import { dpkgDatabase, type Files, fileSystemOf } from '../testing/file-system.ts';
import { paragraph } from '../testing/repository.ts';
import { type FetchedPackage, installPackages } from './install.ts';
import { PackageIndex } from './package-index.ts';
import { withoutGenerated } from './scripts/generated.ts';

const source = { uri: 'http://m.test', suite: 's', components: ['main'], signedBy: null };

async function tarOf(files: Files): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([path, content]): LayerEntry => {
    if (typeof content === 'string' && content.startsWith('-> '))
      return { type: 'symlink', path, target: content.slice(3) };
    return { type: 'file', path, content: Buffer.from(content as string) };
  });
  const layer = await buildLayer(entries);
  return new Uint8Array(await new Response(layer.open()).arrayBuffer());
}

/** A package whose files and control files are these. */
async function fetched(
  name: string,
  version: string,
  files: Files,
  control: Files = {},
): Promise<FetchedPackage> {
  const fields = { Version: version };
  const [found] = new PackageIndex(paragraph(name, fields), source).versions(name);
  const text = `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\n`;
  return {
    found: found!,
    deb: { control: await tarOf({ control: text, ...control }), data: await tarOf(files) },
  };
}

const base: Files = {
  bin: '-> usr/bin',
  'usr/bin/tool': 'old',
  'usr/lib/gone.so': 'old',
  'etc/tool.conf': 'changed by somebody',
  ...dpkgDatabase({
    tool: { files: ['bin', 'bin/tool', 'usr/lib/gone.so', 'etc/tool.conf'] },
    other: { files: [] },
  }),
};
const none: { readonly scriptsNotNeeded: readonly string[] } = { scriptsNotNeeded: [] };

async function install(files: Files, packages: readonly FetchedPackage[], options = none) {
  const before = await fileSystemOf(files);
  const { fileSystem, skipped, notMade } = await installPackages(
    before,
    readDatabase(before),
    packages,
    options,
  );
  const read = (path: string) => {
    const content = fileSystem.resolve(path)?.content;
    return content === undefined ? undefined : new TextDecoder().decode(content.read(0, content.size));
  };
  return { fileSystem, skipped, notMade, read };
}

test('a newer package takes the place of the old one: its files, its records, its paragraph', async () => {
  const { fileSystem, read } = await install(base, [
    await fetched('tool', '2', { 'bin/tool': 'new' }, { md5sums: 'x  bin/tool\n' }),
  ]);
  expect(read('usr/bin/tool')).toBe('new');
  expect(fileSystem.get('bin')?.type).toBe('symlink');
  expect(read('usr/lib/gone.so')).toBeUndefined();
  expect(read('var/lib/dpkg/info/tool.list')).toContain('/bin/tool\n');
  expect(read('var/lib/dpkg/status')?.match(/^Package: .*\n(?:.*\n)*?Version: .*/gm)).toHaveLength(2);
  expect(readDatabase(fileSystem)?.packages.find(({ name }) => name === 'tool')).toMatchObject({
    version: '2',
    files: ['usr/bin/tool'],
  });
});

test('a file that moves from one package to another is there, whichever of the two is unpacked first', async () => {
  const { read } = await install(base, [
    await fetched('aaa', '1', { 'usr/lib/gone.so': 'moved' }),
    await fetched('tool', '2', { 'bin/tool': 'new' }),
  ]);
  expect(read('usr/lib/gone.so')).toBe('moved');
});

test('a file that a package diverts goes elsewhere, also of packages that come with it; its own stays', async () => {
  const preinst =
    '#!/bin/sh\ndpkg-divert --package aaa --rename --divert /usr/bin/tool.real --add /usr/bin/tool\n';
  const { read } = await install({ ...base, 'usr/bin/tool': 'old' }, [
    await fetched('aaa', '1', { 'usr/bin/tool': 'wrapper' }, { preinst }),
    await fetched('bbb', '1', { 'usr/bin/tool': 'newer', 'usr/bin/bbb': 'b' }),
  ]);
  expect(read('usr/bin/tool')).toBe('wrapper');
  expect(read('usr/bin/tool.real')).toBe('newer');
  expect(read('usr/bin/bbb')).toBe('b');
  expect(read('var/lib/dpkg/info/bbb.list')).toContain('/usr/bin/tool\n');
});

test('owner and mode that were said before a package came are what its file gets', async () => {
  const files = {
    ...base,
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n',
    'etc/group': 'root:x:0:\nweb:x:33:\n',
    'var/lib/dpkg/statoverride': 'root web 4750 /usr/bin/aaa\ngone web 4750 /usr/bin/bbb\n',
  };
  const { fileSystem } = await install(files, [
    await fetched('aaa', '1', { 'usr/bin/aaa': 'a', 'usr/bin/bbb': 'b' }),
  ]);
  expect(fileSystem.get('usr/bin/aaa')).toMatchObject({ uid: 0, gid: 33, mode: 0o4750 });
  expect(fileSystem.get('usr/bin/bbb')).toMatchObject({ uid: 0, gid: 0, mode: 0o644 });
});

test('keys that scripts would have made are told by package, and packages that are not configured yet are unpacked', async () => {
  const { notMade, read } = await install(base, [
    await fetched('aaa', '1', {}, { postinst: "#!/bin/sh -e\nssh-keygen -q -f /etc/k -N ''\n" }),
    await fetched(
      'bbb',
      '1',
      {},
      {
        postinst: `#!/bin/sh -e\nfor i in aaa bbb ccc; do dpkg-query -W -f '\${Status}\\n' $i; done > /etc/out\n`,
      },
    ),
    await fetched('ccc', '1', {}),
  ]);
  expect(notMade.map(({ package: name, path }) => `${name} ${path}`)).toEqual([
    'aaa /etc/k',
    'aaa /etc/k.pub',
  ]);
  expect(read('etc/out')).toBe('install ok installed\ninstall ok half-configured\ninstall ok unpacked\n');
});

test('a package whose records get another name leaves none of the old ones', async () => {
  const tool = await fetched('tool', '2', { 'bin/tool': 'new' });
  const control = new Map([...tool.found.control, ['multi-arch', 'same']]);
  const { fileSystem } = await install(base, [{ ...tool, found: { ...tool.found, control } }]);
  expect(fileSystem.get('var/lib/dpkg/info/tool.list')).toBeUndefined();
  expect(readDatabase(fileSystem)?.packages.find(({ name }) => name === 'tool')?.files).toEqual([
    'usr/bin/tool',
  ]);
});

test('configuration that is there stays; configuration that is not comes', async () => {
  const { read } = await install(base, [
    await fetched(
      'tool',
      '2',
      { 'etc/tool.conf': 'default', 'etc/tool.d/more': 'default' },
      { conffiles: '/etc/tool.conf\n/etc/tool.d/more\n' },
    ),
  ]);
  expect(read('etc/tool.conf')).toBe('changed by somebody');
  expect(read('etc/tool.d/more')).toBe('default');
});

test('certificates of authorities are bundled, since nothing is run that would', async () => {
  const { read } = await install(base, [
    await fetched(
      'ca-certificates',
      '1',
      { 'usr/share/ca-certificates/a.crt': 'A', 'usr/share/ca-certificates/b/b.crt': 'B\n' },
      { postinst: 'update-ca-certificates' },
    ),
  ]);
  expect(read('etc/ssl/certs/ca-certificates.crt')).toBe('A\nB\n');
});

test('a new package with a script of its own is refused, unless it is known not to be needed', async () => {
  const package_ = await fetched(
    'daemon',
    '1',
    { 'usr/bin/daemon': 'x' },
    { postinst: '#!/bin/sh\nset -e\nmake-daemon-keys\n' },
  );
  await expect(install(base, [package_])).rejects.toMatchObject({
    code: 'DEB_SCRIPT_UNKNOWN',
    message: expect.stringContaining('daemon'),
  });
  const { skipped } = await install(base, [package_], { scriptsNotNeeded: ['daemon'] });
  expect(skipped).toEqual([{ package: 'daemon', script: 'postinst' }]);
});

test.each([
  ['that would leave the image', { '../x': 'y' }],
  ['that is no archive', null],
])('a package %s is refused', async (_name, files) => {
  const good = await fetched('tool', '2', { a: 'b' });
  const data =
    files === null
      ? Buffer.from('no tar at all')
      : Buffer.from(
          Buffer.from(good.deb.data)
            .toString('latin1')
            .replace(/^a\0\0\0/, '../'),
          'latin1',
        );
  await expect(install(base, [{ ...good, deb: { ...good.deb, data } }])).rejects.toMatchObject({
    code: 'DEB_INVALID',
  });
});

test('what debhelper writes needs no doing; what stands beside it does', () => {
  const script = `#!/bin/sh
set -e
case "$1" in
  configure)
    ;;
esac
# Automatically added by dh_makeshlibs
ldconfig
# End automatically added section
# Automatically added by dh_installdeb
dpkg-maintscript-helper rm_conffile /etc/x
# End automatically added section
exit 0
`;
  expect(withoutGenerated(script)).not.toContain('ldconfig');
  expect(withoutGenerated(script)).toContain('dpkg-maintscript-helper rm_conffile /etc/x');
});

test('what a script does is done: after all is unpacked, what a package needs before it', async () => {
  const daemon = await fetched(
    'a-daemon',
    '1',
    { 'var/lib/daemon/data': 'x' },
    { postinst: '#!/bin/sh -e\nchown -R daemon:daemon /var/lib/daemon\n' },
  );
  const control = new Map([...daemon.found.control, ['depends', 'z-user']]);
  const [found] = new PackageIndex(
    paragraph('a-daemon', { Version: '1', Depends: 'z-user' }),
    source,
  ).versions('a-daemon');
  const user = await fetched(
    'z-user',
    '1',
    {},
    { postinst: '#!/bin/sh -e\nadduser --system --group daemon\n' },
  );
  const accounts = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  };
  const { fileSystem, skipped } = await install({ ...base, ...accounts }, [
    { ...daemon, found: { ...found!, control } },
    user,
  ]);
  expect(fileSystem.get('var/lib/daemon/data')).toMatchObject({ uid: 100, gid: 100 });
  expect(skipped).toEqual([]);
});

test('the script of an upgraded package that is not understood is told, and nothing of it done', async () => {
  const { skipped, read } = await install(base, [
    await fetched(
      'tool',
      '2',
      { 'bin/tool': 'new' },
      { postinst: '#!/bin/sh -e\ntouch /etc/half\nmake-something\n' },
    ),
  ]);
  expect(skipped).toEqual([{ package: 'tool', script: 'postinst' }]);
  expect(read('etc/half')).toBeUndefined();
});
