import { tarEnd, tarHeader } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { describe, expect, test } from 'vitest';
import type { StripOptions } from '../strip/plan.ts';
import { planStrip } from '../strip/plan.ts';
import { dpkgDatabase, elf, type Files, fileSystemOf, fileSystemOfEntries } from '../testing/file-system.ts';
import { strippedEntries } from './stripped.ts';

const run = { entrypoint: ['app'], cmd: [], healthcheck: [], env: [], workingDir: '/' };

/** The texts of the result, by path. */
async function stripped(
  files: Files,
  options: Partial<StripOptions> = {},
): Promise<(path: string) => string | undefined> {
  const before = await fileSystemOf(files);
  const plan = planStrip(before, run, { profile: 'distroless', mode: 'file', keep: [], ...options });
  const after = await fileSystemOfEntries(strippedEntries(before, plan));
  return (path) => {
    const content = after.get(path)?.content;
    return content === undefined ? undefined : Buffer.from(content.read(0, content.size)).toString();
  };
}

const sum = '0123456789abcdef0123456789abcdef';

describe('a package of dpkg that stays', () => {
  const files: Files = {
    bin: '-> usr/bin',
    'usr/bin/app': elf(),
    'usr/bin/other': elf(),
    'usr/share/app/data': 'x',
    'usr/share/man/man1/app.1': 'x',
    'etc/app/app.conf': 'x',
    'etc/app/more.conf': 'x',
    ...dpkgDatabase({
      app: {
        files: [
          'bin',
          'bin/app',
          'bin/other',
          'usr/share',
          'usr/share/app',
          'usr/share/app/data',
          'usr/share/man/man1',
          'usr/share/man/man1/app.1',
          'usr/share/doc/app/excluded',
          'etc/app',
          'etc/app/app.conf',
          'etc/app/more.conf',
        ],
        fields: {
          Conffiles: `\n /etc/app/app.conf ${sum}\n /etc/app/more.conf ${sum} obsolete`,
          Description: 'an app\n with more',
        },
      },
    }),
    'var/lib/dpkg/info/app.md5sums': `${sum}  bin/app\n${sum}  bin/other\n${sum}  usr/share/app/data\n`,
    'var/lib/dpkg/info/app.conffiles': '/etc/app/app.conf\nremove-on-upgrade /etc/app/more.conf\n',
  };

  test('claims no file that is gone, in none of its records, and each that is there', async () => {
    const text = await stripped(files, { keep: ['/etc/app/app.conf'] });
    expect(text('var/lib/dpkg/info/app.list')).toBe(
      '/.\n/bin\n/bin/app\n/usr/share\n/etc/app\n/etc/app/app.conf\n',
    );
    expect(text('var/lib/dpkg/info/app.md5sums')).toBe(`${sum}  bin/app\n`);
    expect(text('var/lib/dpkg/info/app.conffiles')).toBe('/etc/app/app.conf\n');
    expect(text('var/lib/dpkg/status')).toContain(
      `Conffiles:\n /etc/app/app.conf ${sum}\nDescription: an app\n with more\n`,
    );
    expect(text('var/lib/dpkg/status')).not.toContain('more.conf');
  });

  test('loses the field and the lines, and nothing else, where no configuration is left', async () => {
    const text = await stripped(files);
    expect(text('var/lib/dpkg/status')).toBe(
      'Package: app\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nDescription: an app\n with more\n\n',
    );
    expect(text('var/lib/dpkg/info/app.conffiles')).toBe('');
  });

  test('in package mode keeps the claims of all that is there', async () => {
    const text = await stripped(files, { mode: 'package' });
    expect(text('var/lib/dpkg/info/app.list')!.split('\n')).toEqual([
      '/.',
      '/bin',
      '/bin/app',
      '/bin/other',
      '/usr/share',
      '/usr/share/app',
      '/usr/share/app/data',
      '/etc/app',
      '/etc/app/app.conf',
      '/etc/app/more.conf',
      '',
    ]);
  });
});

test('the same package of another architecture goes without taking the record of the one that stays', async () => {
  const paragraph = (architecture: string) =>
    `Package: lib\nStatus: install ok installed\nVersion: 1\nArchitecture: ${architecture}\nMulti-Arch: same\n`;
  const text = await stripped(
    {
      'usr/bin/app': elf(),
      'usr/lib/amd64/lib.so': elf(),
      'usr/lib/arm64/lib.so': elf(),
      'var/lib/dpkg/status': `${paragraph('amd64')}\n${paragraph('arm64')}`,
      'var/lib/dpkg/info/lib:amd64.list': '/usr/lib/amd64/lib.so\n',
      'var/lib/dpkg/info/lib:arm64.list': '/usr/lib/arm64/lib.so\n',
    },
    { keep: ['/usr/lib/amd64/lib.so'] },
  );
  expect(text('var/lib/dpkg/status')).toBe(`${paragraph('amd64')}\n`);
  expect(text('var/lib/dpkg/info/lib:arm64.list')).toBeUndefined();
});

test('a package that is unpacked and not configured is one: its files are there', async () => {
  const text = await stripped({
    'usr/bin/app': elf(),
    ...dpkgDatabase({ app: { files: ['usr/bin/app'], fields: { Status: 'install ok half-configured' } } }),
  });
  expect(text('var/lib/dpkg/status')).toContain('Package: app');
});

test('who is interested in triggers: nobody who is gone', async () => {
  const text = await stripped({
    'usr/bin/app': elf(),
    'usr/bin/old': elf(),
    ...dpkgDatabase({ app: { files: ['usr/bin/app'] }, old: { files: ['usr/bin/old'] } }),
    'var/lib/dpkg/triggers/File': '/usr/share/a app/noawait\n/usr/share/b old\n',
    'var/lib/dpkg/triggers/ring': 'old/noawait\napp:amd64\n',
    'var/lib/dpkg/triggers/Unincorp': 'not a record of who is interested\n',
  });
  expect(text('var/lib/dpkg/triggers/File')).toBe('/usr/share/a app/noawait\n');
  expect(text('var/lib/dpkg/triggers/ring')).toBe('app:amd64\n');
  expect(text('var/lib/dpkg/triggers/Unincorp')).toBe('not a record of who is interested\n');
});

test('the loader’s cache: no library that is gone, and each that is only found through it', async () => {
  const text = await stripped({
    'usr/bin/app': elf('libown.so.1'),
    'opt/own/lib/libown.so.1': elfBytes({ needed: [], soname: 'libown.so.1' }),
    'opt/own/lib/libold.so.1': elfBytes({ needed: [], soname: 'libold.so.1' }),
    'etc/ld.so.conf': '/opt/own/lib\n',
    'etc/ld.so.cache': 'stale',
    ...dpkgDatabase({
      app: { files: ['usr/bin/app', 'opt/own/lib/libown.so.1'] },
      old: { files: ['opt/own/lib/libold.so.1'] },
    }),
  });
  expect(text('etc/ld.so.cache')).toContain('libown.so.1\0/opt/own/lib/libown.so.1\0');
  expect(text('etc/ld.so.cache')).not.toContain('libold');
});

test('status.d: the checksums name what is left, a package without files goes', async () => {
  const text = await stripped({
    'usr/bin/app': elf(),
    'usr/share/app/data': 'x',
    'usr/bin/old': elf(),
    'var/lib/dpkg/status.d/app': 'Package: app\nVersion: 1\nArchitecture: amd64\n',
    'var/lib/dpkg/status.d/app.md5sums': `${sum}  usr/bin/app\n${sum}  usr/share/app/data\n`,
    'var/lib/dpkg/status.d/old': 'Package: old\nVersion: 1\nArchitecture: amd64\n',
    'var/lib/dpkg/status.d/old.md5sums': `${sum}  usr/bin/old\n`,
  });
  expect(text('var/lib/dpkg/status.d/app')).toContain('Package: app');
  expect(text('var/lib/dpkg/status.d/app.md5sums')).toBe(`${sum}  usr/bin/app\n`);
  expect(text('var/lib/dpkg/status.d/old')).toBeUndefined();
  expect(text('var/lib/dpkg/status.d/old.md5sums')).toBeUndefined();
});

const apkInstalled =
  'P:app\nV:1\nA:x86_64\nF:usr\nF:usr/bin\nR:app\na:0:0:755\nZ:Q1a=\nR:other\na:0:0:755\nZ:Q1b=\nF:usr/share/app\nM:0:0:700\nR:data\nZ:Q1c=\n\nP:old\nV:1\nF:usr/bin\nR:old\nZ:Q1d=\n\n';
const apkFiles: Files = {
  'usr/bin/app': elf(),
  'usr/bin/other': elf(),
  'usr/share/app/data': 'x',
  'usr/bin/old': elf(),
};

test.each<[string, string, Files]>([
  ['below /lib', 'lib/apk/db/installed', {}],
  ['below /usr', 'usr/lib/apk/db/installed', {}],
  ['below /usr, with a link to it', 'usr/lib/apk/db/installed', { lib: '-> usr/lib' }],
])(
  'apk %s: files that are gone, with what is said about them, and packages that are',
  async (_, path, links) => {
    const text = await stripped({ ...apkFiles, ...links, [path]: apkInstalled });
    expect(text(path)).toBe('P:app\nV:1\nA:x86_64\nF:usr\nF:usr/bin\nR:app\na:0:0:755\nZ:Q1a=\n\n');
    expect(text('usr/bin/old')).toBeUndefined();
  },
);

test('apk: what is gone is asked for no more, and has no script or trigger: else apk would refuse every later change', async () => {
  const rest = { type: 'file', size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0 } as const;
  const script = (name: string, checksum: string) =>
    tarHeader({ ...rest, path: `${name}-1.${checksum}.trigger` });
  const installed = apkInstalled.replace('P:app\n', 'P:app\nC:Q1x=\np:cmd:app=1 so:libapp.so.1=1\n');
  const text = await stripped({
    ...apkFiles,
    'lib/apk/db/installed': installed.replace('P:old\n', 'P:old\nC:Q1y=\np:cmd:old\n'),
    'lib/apk/db/triggers': 'Q1x= /usr/share/app\nQ1y= /usr/share/old\n',
    'lib/apk/db/scripts.tar': Buffer.concat([...script('app', 'Q1x='), ...script('old', 'Q1y='), tarEnd]),
    'etc/apk/world': 'app~1\ncmd:app\ncmd:old\nold>0\n!conflict\nnever-there\n',
  });
  expect(text('etc/apk/world')).toBe('app~1\ncmd:app\n!conflict\nnever-there\n');
  expect(text('lib/apk/db/triggers')).toBe('Q1x= /usr/share/app\n');
  expect(text('lib/apk/db/scripts.tar')).toContain('app-1.Q1x=.trigger');
  expect(text('lib/apk/db/scripts.tar')).not.toContain('old-1');
});

test('apk: two databases that are not one are no database to believe', async () => {
  const both = { 'lib/apk/db/installed': apkInstalled, 'usr/lib/apk/db/installed': apkInstalled };
  await expect(stripped({ ...apkFiles, ...both })).rejects.toMatchObject({ code: 'HARDEN_DATABASE_INVALID' });
});
