import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { strippedEntries } from '../image/stripped.ts';
import type { RunContext } from '../reach/closure.ts';
import { textOf } from '../reach/libraries.ts';
import {
  type DpkgPackage,
  dpkgDatabase,
  elf,
  type Files,
  fileSystemOf,
  fileSystemOfEntries,
} from '../testing/file-system.ts';
import { checkStripped, planStrip, type StripOptions, type StripPlan } from './plan.ts';

const running = (...entrypoint: readonly string[]): RunContext => ({
  entrypoint,
  cmd: [],
  healthcheck: [],
  env: ['PATH=/usr/bin:/bin'],
  workingDir: '/app',
});
const distroless: StripOptions = { profile: 'distroless', mode: 'package', keep: [] };

/** Files of packages, each with the database entry that says so. */
function packaged(
  packages: Readonly<Record<string, { files: Files; fields?: DpkgPackage['fields'] }>>,
): Files {
  const database = Object.fromEntries(
    Object.entries(packages).map(([name, { files, fields }]) => [
      name,
      { files: Object.keys(files), ...(fields === undefined ? {} : { fields }) },
    ]),
  );
  return {
    ...Object.assign({}, ...Object.values(packages).map(({ files }) => files)),
    ...dpkgDatabase(database),
  };
}

async function strip(
  files: Files,
  entrypoint: readonly string[],
  options: Partial<StripOptions> = {},
): Promise<StripPlan> {
  const fileSystem = await fileSystemOf(files);
  const plan = planStrip(fileSystem, running(...entrypoint), { ...distroless, ...options });
  const gone = new Set(plan.removals.map(({ path }) => path));
  checkStripped(fileSystem, (path) => !gone.has(path));
  return plan;
}

const keptNames = (plan: StripPlan) => plan.kept.map(({ name }) => name).sort();
const gone = (plan: StripPlan, path: string) => plan.removals.some((removal) => removal.path === path);

const base = {
  app: { files: { 'usr/bin/app': elf('liba.so.1') }, fields: { Depends: 'liba' } },
  liba: { files: { 'usr/lib/liba.so.1': '-> liba.so.1.2', 'usr/lib/liba.so.1.2': elf('libb.so') } },
  libb: { files: { 'usr/lib/libb.so': elf() } },
  tool: { files: { 'usr/bin/tool': elf('libc.so') }, fields: { Essential: 'yes' } },
  libc: { files: { 'usr/lib/libc.so': elf() } },
  apt: { files: { 'usr/bin/apt': elf() }, fields: { Essential: 'yes' } },
};

describe('what stays', () => {
  test('the program, its libraries and theirs, through links; nothing else', async () => {
    const plan = await strip(packaged(base), ['app']);
    expect(keptNames(plan)).toEqual(['app', 'liba', 'libb']);
    expect(plan.removed.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      'tool: nothing needs it',
      'libc: nothing needs it',
      'apt: package manager',
    ]);
  });

  test('what the distribution holds essential, but in distroless; never a package manager nobody runs', async () => {
    expect(keptNames(await strip(packaged(base), ['app'], { profile: 'minimal' }))).toEqual([
      'app',
      'liba',
      'libb',
      'libc',
      'tool',
    ]);
  });

  test('what `keep` names, with all that it needs', async () => {
    expect(keptNames(await strip(packaged(base), ['app'], { keep: ['/usr/bin/to*'] }))).toContain('libc');
  });

  test('a package that a kept one depends on, though no file shows it', async () => {
    const plan = await strip(
      packaged({
        ...base,
        data: { files: { 'usr/share/data': 'x' } },
        app: { ...base.app, fields: { Depends: 'liba, data | gone' } },
      }),
      ['app'],
    );
    expect(keptNames(plan)).toContain('data');
  });

  test('interpreters of scripts, by path and through env, and the commands of shell scripts', async () => {
    const files = packaged({
      sh: { files: { 'bin/sh': elf() } },
      node: { files: { 'usr/bin/node': elf() } },
      cat: { files: { 'usr/bin/cat': elf() } },
      sed: { files: { 'usr/bin/sed': elf() } },
      env: { files: { 'usr/bin/env': elf() } },
      start: {
        files: {
          'usr/bin/start': '#!/bin/sh\n# sed\nexec cat /etc/x | server\n',
          'usr/bin/server': '#!/usr/bin/env -S node --x\n',
        },
      },
    });
    expect(keptNames(await strip(files, ['start']))).toEqual(['cat', 'env', 'node', 'sh', 'start']);
  });

  test('arguments that are files, relative to the working directory too', async () => {
    const files = packaged({
      node: { files: { 'usr/bin/node': elf() } },
      app: { files: { 'app/server.js': 'x' } },
    });
    expect(keptNames(await strip(files, ['node', 'server.js']))).toEqual(['app', 'node']);
  });

  test('libraries and files that a program names without being linked to them', async () => {
    const program = Buffer.concat([elf(), Buffer.from('\0libplug.so.3\0/usr/share/table.db\0/bin/sh\0')]);
    const plan = await strip(
      packaged({
        app: { files: { 'usr/bin/app': program } },
        plug: { files: { 'usr/lib/libplug.so.3': elf() } },
        table: { files: { 'usr/share/table.db': 'x' } },
        dash: { files: { 'bin/sh': elf() } },
      }),
      ['app'],
    );
    expect(keptNames(plan)).toEqual(['app', 'plug', 'table']);
    expect(plan.mayRunShell).toEqual(['usr/bin/app']);
  });

  describe('time zones', () => {
    const zones = { files: { 'usr/share/zoneinfo/Europe/Berlin': 'TZif', 'usr/share/zoneinfo/UTC': 'TZif' } };
    const naming = (text: string) => Buffer.concat([elf(), Buffer.from(text)]);
    const withZones = (program: Uint8Array | string): Files =>
      packaged({
        app: { files: { 'usr/bin/app': program, 'usr/lib/libc.so.6': naming('\0/usr/share/zoneinfo\0') } },
        sh: { files: { 'bin/sh': elf() } },
        python: { files: { 'usr/bin/python3': elf() } },
        tzdata: zones,
      });

    test.each<[string, Uint8Array | string]>([
      ['a program', naming('\0/usr/share/zoneinfo/%s\0')],
      ['a Go program', naming('error: /usr/share/zoneinfo//usr/share/lib/zoneinfo/reflect')],
      ['a shell script', '#!/bin/sh\nln -s "/usr/share/zoneinfo/$1" /run/localtime\n'],
      ['a script', '#!/usr/bin/python3\nroot = "/usr/share/zoneinfo"\n'],
    ])('all of them, for %s that names where they are', async (_name, program) => {
      const plan = await strip(withZones(program), ['app'], { mode: 'file' });
      expect(keptNames(plan)).toContain('tzdata');
      expect(gone(plan, 'usr/share/zoneinfo/UTC')).toBe(false);
    });

    test('for Python, whose library looks for them', async () => {
      expect(keptNames(await strip(withZones(elf()), ['python3']))).toEqual(['python', 'tzdata']);
    });

    test('none, where only the C library and what looks alike name them', async () => {
      for (const text of ['', '\0/usr/share/zoneinfo.old\0', '\0/opt/usr/share/zoneinfos/\0'])
        expect(keptNames(await strip(withZones(naming(text)), ['app']))).toEqual(['app']);
    });

    test.each(['Europe/Berlin', ':Europe/Berlin', '/usr/share/zoneinfo/Europe/Berlin'])(
      'the one that the environment asks for: TZ=%s',
      async (zone) => {
        const fileSystem = await fileSystemOf(withZones(elf()));
        const run = { ...running('app'), env: ['PATH=/usr/bin', 'TZ=UTC', `TZ=${zone}`] };
        expect(keptNames(planStrip(fileSystem, run, distroless))).toEqual(['app', 'tzdata']);
        const plan = planStrip(fileSystem, run, { ...distroless, mode: 'file' });
        expect(gone(plan, 'usr/share/zoneinfo/Europe/Berlin')).toBe(false);
        expect(gone(plan, 'usr/share/zoneinfo/UTC')).toBe(true);
      },
    );

    test('none for a zone that is a rule, is not there, or is no zone', async () => {
      const fileSystem = await fileSystemOf(withZones(elf()));
      for (const zone of ['CET-1CEST,M3.5.0', 'Mars/Base', '', '.', 'Europe']) {
        const run = { ...running('app'), env: ['PATH=/usr/bin', `TZ=${zone}`] };
        expect(keptNames(planStrip(fileSystem, run, distroless))).toEqual(['app']);
      }
    });
  });

  test('a library that a runtime loads by its path stands for its name, for others in the same runtime', async () => {
    const files = packaged({
      java: {
        files: {
          'opt/jre/bin/java': elf(),
          'opt/jre/lib/libjava.so': elf('libjvm.so'),
          'opt/jre/lib/server/libjvm.so': elf(),
        },
      },
      other: { files: { 'usr/lib/libjvm.so.old': elf() } },
    });
    const plan = await strip(files, ['/opt/jre/bin/java'], { mode: 'file' });
    expect(keptNames(plan)).toEqual(['java']);
    expect(gone(plan, 'opt/jre/lib/server/libjvm.so')).toBe(false);
    expect(plan.missing).toEqual([]);
  });

  test('programs that no package brought, with what they need: somebody put them there', async () => {
    const plan = await strip({ ...packaged(base), 'app/bin/mine': elf('libc.so') }, ['app']);
    expect(keptNames(plan)).toContain('libc');
    expect(gone(plan, 'app/bin/mine')).toBe(false);
  });

  test('the record of a package with a file that stays', async () => {
    const plan = await strip(
      packaged({ ...base, etc: { files: { 'etc/passwd': 'root:x:0:0', 'usr/bin/etc': elf() } } }),
      ['app'],
    );
    expect(plan.kept.find(({ name }) => name === 'etc')?.reason).toContain('etc/passwd stays');
    expect(gone(plan, 'var/lib/dpkg/info/etc.list')).toBe(false);
  });
});

describe('what goes', () => {
  test('documentation, caches, logs and keys of the machine; never a copyright', async () => {
    const junk = [
      'usr/share/doc/app/README',
      'usr/share/man/man1/app.1',
      'var/cache/x',
      'var/log/x',
      'tmp/x',
      'etc/machine-id',
      'etc/ssh/ssh_host_rsa_key',
    ];
    const files = {
      ...packaged(base),
      'usr/share/doc/app/copyright': 'c',
      ...Object.fromEntries(junk.map((path) => [path, 'x'])),
    };
    const plan = await strip(files, ['app']);
    for (const path of junk) expect(gone(plan, path)).toBe(true);
    expect(gone(plan, 'usr/share/doc/app/copyright')).toBe(false);
  });

  test('links of nobody that lead to what goes, and directories left empty', async () => {
    const files = {
      ...packaged(base),
      'etc/alternatives/tool': '-> /usr/bin/tool',
      'usr/share/man/man1/x': 'x',
    };
    const plan = await strip(files, ['app']);
    expect(gone(plan, 'etc/alternatives/tool')).toBe(true);
    expect(gone(plan, 'usr/share/man/man1')).toBe(true);
    expect(gone(plan, 'usr')).toBe(false);
  });

  test('in file mode, also files of kept packages that nothing needs', async () => {
    const files = packaged({
      ...base,
      app: { files: { ...base.app.files, 'usr/lib/app/unused.dat': 'x' }, fields: base.app.fields },
    });
    expect(gone(await strip(files, ['app']), 'usr/lib/app/unused.dat')).toBe(false);
    expect(gone(await strip(files, ['app'], { mode: 'file' }), 'usr/lib/app/unused.dat')).toBe(true);
  });

  test('a directory of dpkg’s that the image has as a link is no file of the package', async () => {
    const fileSystem = await fileSystemOf({
      bin: '-> usr/bin',
      'usr/bin/app': elf(),
      'usr/bin/old': elf(),
      ...dpkgDatabase({ app: { files: ['bin', 'bin/app'] }, old: { files: ['bin', 'bin/old'] } }),
    });
    const plan = planStrip(fileSystem, running('/bin/app'), distroless);
    expect(keptNames(plan)).toEqual(['app']);
    expect(gone(plan, 'usr/bin/old')).toBe(true);
    expect(gone(plan, 'bin')).toBe(false);
  });
});

describe('it fails closed', () => {
  test.each([
    ['the program is not there', ['gone'], 'HARDEN_ROOT_UNRESOLVED', {}],
    ['the program cannot be run', ['/etc/passwd'], 'HARDEN_ROOT_UNRESOLVED', { 'etc/passwd': 'x' }],
    ['a library is not there', ['app'], 'HARDEN_LIBRARY_MISSING', { 'usr/lib/libb.so': '-> nowhere' }],
    [
      'dpkg lacks the files of a package',
      ['app'],
      'HARDEN_DATABASE_INVALID',
      { 'var/lib/dpkg/info/libb.list': '-> nowhere/at/all' },
    ],
    [
      'the database is not one',
      ['app'],
      'INSPECT_PACKAGE_DATABASE_UNREADABLE',
      { 'var/lib/dpkg/status': 'not a field' },
    ],
  ])('where %s', async (_name, entrypoint, code, changes: Files) => {
    const files = { ...packaged(base), ...changes };
    if (code === 'HARDEN_DATABASE_INVALID' && changes['var/lib/dpkg/info/libb.list'] !== undefined)
      delete (files as Record<string, unknown>)['var/lib/dpkg/info/libb.list'];
    await expect(strip(files, entrypoint)).rejects.toMatchObject({ code });
  });

  test('a plan that would take a library from something that stays is refused', async () => {
    const fileSystem = await fileSystemOf(packaged(base));
    expect(() => checkStripped(fileSystem, (path) => path !== 'usr/lib/libb.so')).toThrow(
      expect.objectContaining({ code: 'HARDEN_STRIP_UNSAFE' }),
    );
    expect(() => checkStripped(fileSystem, (path) => path !== 'usr/lib/liba.so.1')).toThrow(
      expect.objectContaining({ code: 'HARDEN_STRIP_UNSAFE' }),
    );
  });
});

describe('the image that is left', () => {
  test('has the database without what went, no setuid bits, and hard links that are links', async () => {
    const file = (path: string, mode = 0o755) => ({ type: 'file', path, mode, content: elf() }) as const;
    const database = dpkgDatabase({
      app: { files: ['usr/bin/app', 'usr/bin/app2'] },
      old: { files: ['usr/bin/old'] },
    });
    const before = await fileSystemOfEntries([
      file('usr/bin/app', 0o4755),
      { type: 'hardlink', path: 'usr/bin/app2', target: 'usr/bin/app' },
      file('usr/bin/old'),
      ...Object.entries(database).map(
        ([path, content]) => ({ type: 'file', path, content: Buffer.from(content) }) as const,
      ),
    ]);
    const plan = planStrip(before, running('app'), distroless);
    expect(plan.bits).toEqual(['usr/bin/app', 'usr/bin/app2']);
    const after = await fileSystemOfEntries(strippedEntries(before, plan));
    expect(after.get('usr/bin/old')).toBeUndefined();
    expect(after.get('usr/bin/app')).toMatchObject({ mode: 0o755, inode: after.get('usr/bin/app2')!.inode });
    const status = after.get('var/lib/dpkg/status')!.content!;
    expect(Buffer.from(status.read(0, status.size)).toString()).toMatch(
      /^Package: app\n(?!.*Package: old)[\s\S]*\n\n$/,
    );
  });

  test('never lacks a library it had, and never hides a package that is there: whatever the packages', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const one = fc.record({
      needs: fc.uniqueArray(name, { maxLength: 3 }),
      depends: fc.uniqueArray(name, { maxLength: 2 }),
      essential: fc.boolean(),
      shared: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, one, { minKeys: 1 }),
        fc.constantFrom('distroless', 'minimal', 'keep-shell'),
        fc.constantFrom('package', 'file'),
        async (graph, profile, mode) => {
          const names = Object.keys(graph);
          const there = (all: readonly string[]) => all.filter((other) => names.includes(other));
          const packages = Object.fromEntries(
            Object.entries(graph).map(([each, { needs, depends, essential, shared }]) => [
              each,
              {
                files: {
                  [`usr/bin/${each}`]: elf(`lib${each}.so`, ...there(needs).map((other) => `lib${other}.so`)),
                  [`usr/lib/lib${each}.so`]: elf(...there(needs).map((other) => `lib${other}.so`)),
                  ...(shared ? { 'etc/passwd': 'root' } : {}),
                },
                fields: {
                  ...(essential ? { Essential: 'yes' } : {}),
                  ...(there(depends).length > 0 ? { Depends: there(depends).join(', ') } : {}),
                },
              },
            ]),
          );
          const before = await fileSystemOf(packaged(packages));
          const plan = planStrip(before, running(names[0]!), { profile, mode, keep: [] });
          const after = await fileSystemOfEntries(strippedEntries(before, plan));
          checkStripped(before, (path) => after.get(path) !== undefined);
          expect(after.resolve(`usr/bin/${names[0]}`)).toBeDefined();
          const kept = new Set(keptNames(plan));
          for (const [each, { files }] of Object.entries(packages)) {
            const present = Object.keys(files).some((path) => after.get(path) !== undefined);
            if (present) expect(kept).toContain(each);
            const list = after.get(`var/lib/dpkg/info/${each}.list`);
            expect(list !== undefined).toBe(kept.has(each));
            // What a record claims is there, and what is there it claims.
            if (list !== undefined)
              expect(textOf(list, 10_000).split('\n').slice(1, -1)).toEqual(
                Object.keys(files)
                  .filter((path) => after.get(path) !== undefined)
                  .map((path) => `/${path}`),
              );
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
