import { PratiqueError } from '@pratique/errors';
import { buildLayer, type LayerEntry } from '@pratique/oci';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDatabase } from '../strip/installed.ts';
import { dpkgDatabase, type Files, fileSystemOf } from '../testing/file-system.ts';
import { paragraph } from '../testing/repository.ts';
import { type FetchedPackage, installPackages } from './install.ts';
import { PackageIndex } from './package-index.ts';
import { parseTriggers, runStripTriggers } from './triggers.ts';

const source = { uri: 'http://m.test', suite: 's', components: ['main'], signedBy: null };

async function tarOf(files: Files): Promise<Uint8Array> {
  const entries = Object.entries(files).map(
    ([path, content]): LayerEntry => ({ type: 'file', path, content: Buffer.from(content as string) }),
  );
  const layer = await buildLayer(entries);
  return new Uint8Array(await new Response(layer.open()).arrayBuffer());
}

async function fetched(name: string, files: Files, control: Files = {}): Promise<FetchedPackage> {
  const [found] = new PackageIndex(paragraph(name, { Version: '1' }), source).versions(name);
  const text = `Package: ${name}\nVersion: 1\nArchitecture: amd64\n`;
  return {
    found: found!,
    deb: { control: await tarOf({ control: text, ...control }), data: await tarOf(files) },
  };
}

/** An image with a package that has these triggers and this script. */
function interested(name: string, triggers: string, postinst: string): Files {
  return {
    ...dpkgDatabase({ [name]: { files: [] } }),
    [`var/lib/dpkg/info/${name}.triggers`]: `${triggers}\n`,
    [`var/lib/dpkg/info/${name}.postinst`]: `#!/bin/sh\nset -e\n${postinst}\n`,
    'var/lib/dpkg/triggers/File': `/usr/share/other other/noawait\n/usr/share/own ${name}\n`,
    'var/lib/dpkg/triggers/ring': 'other\n',
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
  };
}

async function install(
  files: Files,
  packages: readonly FetchedPackage[],
  scriptsNotNeeded: readonly string[] = [],
) {
  const before = await fileSystemOf(files);
  const { fileSystem } = await installPackages(before, readDatabase(before), packages, { scriptsNotNeeded });
  return (path: string) => {
    const content = fileSystem.resolve(path)?.content;
    return content === undefined ? undefined : new TextDecoder().decode(content.read(0, content.size));
  };
}

const noted = 'if [ "$1" = triggered ]; then echo "$2" >> /etc/heard; fi';

describe('a package that is added', () => {
  const mime = interested(
    'mime',
    'interest-noawait /usr/share/mime/packages',
    'update-mime-database /usr/share/mime',
  );

  test('sets off a trigger of a package that is there, and what that does is not known: refused, by name', async () => {
    const viewer = await fetched('viewer', { 'usr/share/mime/packages/viewer.xml': '<x/>' });
    const refused = install(mime, [viewer]);
    await expect(refused).rejects.toMatchObject({ code: 'DEB_TRIGGER_UNKNOWN' });
    await expect(refused).rejects.toMatchObject({
      found: 'mime (trigger /usr/share/mime/packages: update-mime-database /usr/share/mime)',
      remedy: expect.stringContaining('scriptsNotNeeded: [mime]'),
    });
    // Whoever knows better can say so.
    expect(
      await install(mime, [viewer], ['mime']).then((read) => read('usr/share/mime/packages/viewer.xml')),
    ).toBe('<x/>');
  });

  test('with a file beside the place, or one whose name only begins like it, sets off nothing', async () => {
    const files = { 'usr/share/mime/other': 'x', 'usr/share/mime/packages.d/x': 'x' };
    await install(mime, [await fetched('viewer', files)]);
  });

  test('has what the trigger does done, once, with the names dpkg would give', async () => {
    const files = interested('index', 'interest /usr/share/own\ninterest-noawait ring', noted);
    const read = await install(files, [
      await fetched(
        'one',
        { 'usr/share/own/a': '1', 'usr/share/own/b': '1' },
        { triggers: 'activate ring\n' },
      ),
      await fetched('two', { 'usr/share/own/c': '1' }),
    ]);
    expect(read('etc/heard')).toBe('/usr/share/own ring\n');
  });

  test('whose script sets off a trigger by name has that done too; where nobody is interested, nothing', async () => {
    const files = interested('index', 'interest ring', noted);
    const postinst = '#!/bin/sh -e\ndpkg-trigger --no-await ring\ndpkg-trigger silence\n';
    const read = await install(files, [await fetched('bell', {}, { postinst })]);
    expect(read('etc/heard')).toBe('ring\n');
  });

  test('hears nothing of its own files, which are there when it is configured', async () => {
    const script = `#!/bin/sh -e\n${noted}\n`;
    const read = await install(dpkgDatabase({ other: { files: [] } }), [
      await fetched(
        'index',
        { 'usr/share/own/a': '1' },
        { triggers: 'interest /usr/share/own\n', postinst: script },
      ),
    ]);
    expect(read('etc/heard')).toBeUndefined();
  });

  test('with manuals, where the index of manuals is installed, is not refused', async () => {
    const files = interested('man-db', 'interest-noawait /usr/share/man', 'su man -c mandb');
    await install(files, [await fetched('tool', { 'usr/share/man/man1/tool.1': 'x' })]);
  });

  test('with accounts that systemd would make of its file has them', async () => {
    const files = interested('systemd', 'interest-noawait /usr/lib/sysusers.d', 'systemd-sysusers');
    const account = 'u daemon - "Does" /srv\n';
    const read = await install(files, [
      await fetched('daemon', { 'usr/lib/sysusers.d/daemon.conf': account }),
    ]);
    expect(read('etc/passwd')).toContain('daemon:x:100:100:Does:/srv:/usr/sbin/nologin\n');
  });

  test('sets off triggers that set off each other: refused, not followed without end', async () => {
    const files = interested('loop', 'interest ring', 'dpkg-trigger ring');
    const bell = await fetched('bell', {}, { triggers: 'activate ring\n' });
    await expect(install(files, [bell])).rejects.toMatchObject({ code: 'DEB_TRIGGER_UNKNOWN' });
  });

  test('with a shell of its own stands in /etc/shells, and one that somebody took out does not come back', async () => {
    const files = {
      ...interested('debianutils', 'interest-noawait /usr/share/debianutils/shells.d', 'update-shells'),
      bin: '-> usr/bin',
      'usr/bin/x': '',
      'etc/shells': '# valid\n/bin/sh\n/opt/own\n',
      'var/lib/shells.state': '/bin/sh\n/usr/bin/sh\n/bin/dash\n',
      'usr/share/debianutils/shells': '# valid\n/bin/sh\n',
      'usr/share/debianutils/shells.d/dash': '/bin/dash\n',
    };
    const read = await install(files, [
      await fetched('zsh', { 'usr/share/debianutils/shells.d/zsh': '/bin/zsh\n' }),
    ]);
    expect(read('etc/shells')).toBe('# valid\n/bin/sh\n/opt/own\n/usr/bin/dash\n/bin/zsh\n/usr/bin/zsh\n');
    expect(read('var/lib/shells.state')).toBe(
      '/bin/sh\n/usr/bin/sh\n/bin/dash\n/usr/bin/dash\n/bin/zsh\n/usr/bin/zsh\n',
    );
  });

  test('is recorded with its interests as dpkg records them, in the place of its old version', async () => {
    const files = interested('index', 'interest /usr/share/own', 'true');
    const read = await install(files, [
      await fetched(
        'index',
        {},
        { triggers: 'interest-noawait /usr/share/new\ninterest-await ring\nactivate x\n' },
      ),
    ]);
    expect(read('var/lib/dpkg/triggers/File')).toBe(
      '/usr/share/other other/noawait\n/usr/share/new index/noawait\n',
    );
    expect(read('var/lib/dpkg/triggers/ring')).toBe('other\nindex\n');
    expect(read('var/lib/dpkg/info/index.triggers')).toContain('activate x');
  });
});

describe('a strip', () => {
  const plan = (fileSystem: Awaited<ReturnType<typeof fileSystemOf>>, path: string) => {
    const database = readDatabase(fileSystem)!;
    return {
      database,
      staying: database.packages,
      removals: [{ path, size: 1, reason: 'x', package: null }],
    };
  };

  test('that takes files of which a package that stays wants to hear: done on what is left', async () => {
    const files = interested(
      'index',
      'interest /usr/share/own',
      'ls() { [ -e "$1" ] && echo "$1"; true; }\n{ ls /usr/share/own/a; ls /usr/share/own/b; } > /etc/index',
    );
    const before = await fileSystemOf({ ...files, 'usr/share/own/a': '1', 'usr/share/own/b': '1' });
    const { fileSystem: after } = runStripTriggers(before, plan(before, 'usr/share/own/b'), []);
    const { content } = after.get('etc/index')!;
    expect(new TextDecoder().decode(content!.read(0, 100))).toBe('/usr/share/own/a\n');
  });

  test('is refused where what that comes to is not known', async () => {
    const before = await fileSystemOf(
      interested('mime', 'interest /usr/share/mime/packages', 'update-mime-database'),
    );
    expect(() => runStripTriggers(before, plan(before, 'usr/share/mime/packages/x.xml'), [])).toThrow(
      expect.objectContaining({ code: 'DEB_TRIGGER_UNKNOWN' }),
    );
    expect(runStripTriggers(before, plan(before, 'usr/share/mime/packages/x.xml'), ['mime']).skipped).toEqual(
      [{ package: 'mime', script: 'postinst triggered /usr/share/mime/packages' }],
    );
  });
});

describe('the file with triggers', () => {
  test('says interests and activations, comments left out', () => {
    const text = '# by dh\ninterest /a\ninterest-noawait b # why\nactivate-await c\n';
    expect(parseTriggers(text, 'x')).toEqual({
      interests: [
        { name: '/a', noawait: false },
        { name: 'b', noawait: true },
      ],
      activates: ['c'],
    });
  });

  test.each(['interest', 'interrest /a', 'interest-later /a', 'activate a b'])('%s is no line', (line) => {
    expect(() => parseTriggers(line, 'x')).toThrow(expect.objectContaining({ code: 'DEB_INVALID' }));
  });

  test('whatever stands there, is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          for (const { name } of parseTriggers(text, 'x').interests) expect(name).toMatch(/^\S+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }),
    );
  });
});
