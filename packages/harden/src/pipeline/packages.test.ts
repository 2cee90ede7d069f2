import { rpmBerkeley, rpmNdb, rpmSqlite } from '@pratique/inspect/testing/rpm';
import { expect, test } from 'vitest';
import { planStrip } from '../strip/plan.ts';
import { fileSystemOf } from '../testing/file-system.ts';
import { rpmHeaderOf } from '../testing/rpm.ts';
import { changePackages, type Repositories } from './packages.ts';
import { parseSettings } from './settings.ts';

const files = { 'usr/bin/tool': '', 'usr/lib/x.so': '', 'usr/share/man/man1/tool.1': '' };
const headers = [rpmHeaderOf('tool', { files })];
/** Whoever asks for a repository here has gone too far. */
const repositories = {} as Repositories;

test.each([
  ['var/lib/rpm/rpmdb.sqlite', 'the database of rpm', rpmSqlite(headers)],
  ['var/lib/rpm/Packages', 'the database of rpm', rpmBerkeley(headers)],
  ['usr/lib/sysimage/rpm/Packages.db', 'the database of rpm', rpmNdb(headers)],
  ['etc/passwd', 'none', 'x'],
])('packages are not changed in an image with %s, which says why: %s', async (path, found, content) => {
  const fileSystem = await fileSystemOf({ ...files, [path]: content });
  for (const settings of ['upgrade: true', 'add: { packages: [tool] }'])
    await expect(changePackages(fileSystem, parseSettings(settings, 'x'), repositories)).rejects.toThrow(
      expect.objectContaining({ code: 'HARDEN_MANAGER_UNSUPPORTED', found }),
    );
  expect((await changePackages(fileSystem, parseSettings('', 'x'), repositories)).fileSystem).toBe(
    fileSystem,
  );
});

test.each(['package', 'file'] as const)(
  'a strip of an image of Berkeley DB (%s) takes what no program needs: no package, nor its record',
  async (mode) => {
    const fileSystem = await fileSystemOf({ ...files, 'var/lib/rpm/Packages': rpmBerkeley(headers) });
    const run = { entrypoint: ['/usr/bin/tool'], cmd: [], healthcheck: [], env: [], workingDir: '/' };
    const plan = planStrip(fileSystem, run, { profile: 'distroless', mode, keep: [] });
    expect(plan.removed).toEqual([]);
    expect(plan.removals.map((one) => one.path)).toEqual([
      'usr/share/man',
      'usr/share/man/man1',
      'usr/share/man/man1/tool.1',
    ]);
  },
);
