import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDatabase } from '../strip/installed.ts';
import { type ApkContents, apkSigner, makeApk } from '../testing/alpine.ts';
import { type Files, fileSystemOf } from '../testing/file-system.ts';
import { addAccounts, parseAccountCommand } from './accounts.ts';
import { openApk } from './apk-file.ts';
import { q1, readRecords } from './database.ts';
import { parseIndex } from './index-file.ts';
import { type FetchedApk, installApks } from './install.ts';
import { readScript } from './scripts.ts';

const signer = apkSigner();
const utf8 = (text: string) => new TextEncoder().encode(text);

async function fetched(contents: ApkContents): Promise<FetchedApk> {
  const { bytes, paragraph } = makeApk(contents, signer);
  const [found] = parseIndex(paragraph, 'http://a.test/x86_64');
  return { found: found!, file: await openApk(bytes, found!, [signer.key]) };
}

const oldRecord = [
  `C:Q1${'B'.repeat(27)}=`,
  'P:tool',
  'V:1-r0',
  'A:x86_64',
  'F:etc',
  'R:tool.conf',
  `Z:${q1(utf8('default'))}`,
  'R:other.conf',
  `Z:${q1(utf8('default'))}`,
  'F:usr/bin',
  'R:tool',
  'a:0:0:755',
  `Z:${q1(utf8('old'))}`,
  'R:gone',
  `Z:${q1(utf8('old'))}`,
].join('\n');
const base: Files = {
  'etc/tool.conf': 'changed by somebody',
  'etc/other.conf': 'default',
  'usr/bin/tool': 'old',
  'usr/bin/gone': 'old',
  'usr/sbin': '-> bin',
  'etc/apk/world': 'tool\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/ash\n',
  'etc/group': 'root:x:0:root\n',
  'lib/apk/db/installed': `${oldRecord}\n\nC:Q1${'C'.repeat(27)}=\nP:other\nV:1-r0\nF:usr/bin\nR:other\nZ:Q1x\n\n`,
  'lib/apk/db/triggers': `Q1${'B'.repeat(27)}= /usr/bin\n`,
};

async function install(contents: readonly ApkContents[], options = {}, files = base) {
  const before = await fileSystemOf(files);
  const { fileSystem, skipped } = await installApks(before, await Promise.all(contents.map(fetched)), {
    scriptsNotNeeded: [],
    world: [],
    ...options,
  });
  const read = (path: string) => {
    const content = fileSystem.resolve(path)?.content;
    return content === undefined ? undefined : new TextDecoder().decode(content.read(0, content.size));
  };
  return { fileSystem, skipped, read };
}

describe('a newer version', () => {
  const newer: ApkContents = {
    name: 'tool',
    version: '2-r0',
    files: { 'etc/tool.conf': 'new default', 'etc/other.conf': 'new default', 'usr/sbin/tool': 'new' },
  };

  test('takes the place of the old one: its files, its record, its trigger', async () => {
    const { fileSystem, read } = await install([newer]);
    expect(read('usr/bin/gone')).toBeUndefined();
    expect(read('usr/bin/tool')).toBe('new');
    expect(fileSystem.get('usr/sbin')?.type).toBe('symlink');
    expect(read('lib/apk/db/triggers')).toBe('');
    const names = readDatabase(fileSystem)?.packages.map(({ name, version }) => `${name} ${version}`);
    expect(names?.sort()).toEqual(['other 1-r0', 'tool 2-r0']);
  });

  test('leaves configuration that somebody changed, and renews what nobody did', async () => {
    const { read } = await install([newer]);
    expect(read('etc/tool.conf')).toBe('changed by somebody');
    expect(read('etc/other.conf')).toBe('new default');
  });
});

test('what was asked for is in the world, once', async () => {
  const { read } = await install([{ name: 'new', version: '1-r0' }], { world: ['new~1', 'tool'] });
  expect(read('etc/apk/world')).toBe('new~1\ntool\n');
});

test('a file of another package is not taken over, unless the package says that it replaces it', async () => {
  const thief: ApkContents = { name: 'thief', version: '1-r0', files: { 'usr/bin/other': 'mine' } };
  await expect(install([thief])).rejects.toMatchObject({
    code: 'HARDEN_ADD_CONFLICT',
    message: expect.stringContaining('/usr/bin/other'),
  });
  await expect(install([{ ...thief, info: ['replaces = other<1'] }])).rejects.toMatchObject({
    code: 'HARDEN_ADD_CONFLICT',
  });
  const { fileSystem, read } = await install([{ ...thief, info: ['replaces = other<2'] }]);
  expect(read('usr/bin/other')).toBe('mine');
  const records = readRecords(fileSystem, 'lib/apk/db');
  expect(records.find(({ name }) => name === 'other')?.files.size).toBe(0);
  expect(fileSystem.get('usr/bin/tool')).toBeDefined();
});

test('two new packages with one file are refused', async () => {
  const files = { 'usr/bin/same': 'x' };
  await expect(
    install([
      { name: 'a', version: '1', files },
      { name: 'b', version: '1', files },
    ]),
  ).rejects.toMatchObject({ code: 'HARDEN_ADD_CONFLICT' });
});

test('a new package with a script that does more than add accounts is refused, unless it is known not to be needed', async () => {
  const daemon: ApkContents = {
    name: 'daemon',
    version: '1-r0',
    scripts: { 'post-install': '#!/bin/sh\nrm -rf /etc/daemon\nexit 0\n' },
  };
  await expect(install([daemon])).rejects.toMatchObject({
    code: 'APK_SCRIPT_UNKNOWN',
    message: expect.stringContaining('daemon'),
  });
  const { skipped, fileSystem } = await install([daemon], { scriptsNotNeeded: ['daemon'] });
  expect(skipped).toEqual([{ package: 'daemon', script: 'post-install' }]);
  // Kept for apk, which may take the package away again.
  const scripts = fileSystem.get('lib/apk/db/scripts.tar')?.content;
  expect(Buffer.from(scripts!.read(0, scripts!.size)).toString()).toContain('daemon-1-r0.Q1');
});

test('accounts are added, with a home where one is asked for, and nobody’s place is taken', async () => {
  const { fileSystem, read, skipped } = await install([
    {
      name: 'server',
      version: '1-r0',
      scripts: {
        'pre-install':
          '#!/bin/sh\naddgroup -S server 2>/dev/null\nadduser -S -D -h /var/lib/server -s /sbin/nologin -G server -g "the server" server 2>/dev/null\naddgroup server root || true\nadduser -S -D -H root\nexit 0\n',
      },
    },
  ]);
  expect(skipped).toEqual([]);
  expect(read('etc/passwd')).toBe(
    'root:x:0:0:root:/root:/bin/ash\nserver:x:100:100:the server:/var/lib/server:/sbin/nologin\n',
  );
  expect(read('etc/group')).toBe('root:x:0:root,server\nserver:x:100:server\n');
  expect(read('etc/shadow')).toBe('server:!::0:99999:7:::\n');
  expect(fileSystem.get('var/lib/server')).toMatchObject({ type: 'directory', uid: 100, gid: 100 });
});

test('applets of busybox are linked where it says, and nothing that is there is touched', async () => {
  const { fileSystem, read } = await install([
    {
      name: 'busybox',
      version: '1-r0',
      files: {
        'bin/busybox': 'busybox',
        'etc/busybox-paths.d/busybox': '/bin/ls\n/usr/bin/tool\n/usr/bin/env\n/../escape\n',
      },
      scripts: { 'post-install': '#!/bin/sh\nexec /bin/busybox --install -s\n' },
    },
  ]);
  expect(fileSystem.get('bin/ls')).toMatchObject({ type: 'symlink', linkname: '/bin/busybox' });
  expect(fileSystem.get('usr/bin/env')).toMatchObject({ type: 'symlink', linkname: '/bin/busybox' });
  expect(read('usr/bin/tool')).toBe('old');
  expect(fileSystem.get('escape')).toBeUndefined();
});

test('certificates of authorities are bundled, since nothing is run that would', async () => {
  const files = { 'usr/share/ca-certificates/a.crt': 'A', 'usr/share/ca-certificates/b.crt': 'B\n' };
  const { read } = await install([
    { name: 'ca-certificates', version: '1-r0', files, scripts: { trigger: 'update-ca-certificates' } },
  ]);
  expect(read('etc/ssl/certs/ca-certificates.crt')).toBe('A\nB\n');
});

test.each([
  'addgroup people',
  'adduser -D person',
  'adduser -S -h ../x person',
  'adduser -S -g a:b person',
  'adduser -S $USER',
  'adduser -S "$(id)"',
  'adduser -S a; rm -rf /',
  'addgroup -S a && b',
  'adduser -S -u 1x a',
  'adduser -k /etc/skel -S a',
  'chown root /etc',
])('%s is not an account of the system, and so not known', (line) => {
  expect(parseAccountCommand(line)).toBeNull();
  expect(readScript(line).unknown).toEqual([line]);
});

test('no script breaks the files of accounts', () => {
  const word = fc.constantFrom(
    'addgroup',
    'adduser',
    '-S',
    '-g',
    '-h',
    '/x',
    'a',
    'b',
    '5',
    '-DH',
    '"c d"',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const { accounts } = readScript(words.join(' '));
      const { files } = addAccounts({ passwd: '', group: '', shadow: '' }, accounts);
      for (const line of files.passwd.split('\n').slice(0, -1)) expect(line.split(':')).toHaveLength(7);
      for (const line of files.group.split('\n').slice(0, -1)) expect(line.split(':')).toHaveLength(4);
    }),
  );
});
