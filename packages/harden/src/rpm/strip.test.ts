import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FileSystem } from '@pratique/inspect';
import { rpmBerkeley, rpmHeader, rpmNdb, rpmSqlite } from '@pratique/inspect/testing/rpm';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { strippedEntries } from '../image/stripped.ts';
import { checkStripped, planStrip, type StripOptions } from '../strip/plan.ts';
import { elf, type Files, fileSystemOf, fileSystemOfEntries } from '../testing/file-system.ts';
import { rpmDatabasePath, rpmHeaderOf, rpmPackages, type TestRpm } from '../testing/rpm.ts';
import { readRpmPackages, rpmVersion } from './installed.ts';

const unreadable = expect.objectContaining({ code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' });

function planOf(fileSystem: FileSystem, options: Partial<StripOptions> & { run?: readonly string[] } = {}) {
  const { run = ['/usr/bin/app'], ...strip } = options;
  const context = { entrypoint: run, cmd: [], healthcheck: [], env: ['PATH=/usr/bin'], workingDir: '/' };
  return planStrip(fileSystem, context, { profile: 'distroless', mode: 'package', keep: [], ...strip });
}

/** The image after a strip: paths, and what rpm's database says of its packages. */
async function strip(files: Files, options: Partial<StripOptions> & { run?: readonly string[] } = {}) {
  const before = await fileSystemOf(files);
  onTestFinished(() => before.close());
  const plan = planOf(before, options);
  const gone = new Set(plan.removals.map(({ path }) => path));
  checkStripped(before, (path) => !gone.has(path));
  const after = await fileSystemOfEntries(strippedEntries(before, plan));
  onTestFinished(() => after.close());
  const claims = readRpmPackages(after)!.packages.map(({ header, installed }) => [
    `${header.name} ${rpmVersion(header)}`,
    ...installed.files.map(({ path, state }) => `${path} ${state}`),
  ]);
  return { plan, after, claims, names: claims.map(([name]) => name!.split(' ')[0]), paths: pathsOf(after) };
}

const pathsOf = (fileSystem: FileSystem) =>
  [...fileSystem.nodes()].filter(({ type }) => type !== 'directory').map(({ path }) => path);

const app: TestRpm = { files: { 'usr/bin/app': elf('liba.so') }, requires: ['data >= 2', 'rpmlib(X) <= 1'] };
const base = {
  app,
  liba: { files: { 'usr/lib64/liba.so': elf(), 'usr/share/doc/liba/README': 'x' } },
  data: { files: { 'usr/share/data': 'x' }, version: '2-1', provides: ['data = 2-1'] },
  tool: { files: { 'usr/bin/tool': elf(), 'etc/tool.conf': 'x' } },
  rpm: { files: { 'usr/bin/rpm': elf() }, more: { [rpmDatabasePath]: 'ghost' as const } },
};

describe('packages of rpm', () => {
  test('go with their files and their headers, and no others; what is gone of one that stays is not installed', async () => {
    const { plan, claims, paths } = await strip(rpmPackages(base));
    expect(claims).toEqual([
      ['app 1-1', '/usr/bin/app 0'],
      ['liba 1-1', '/usr/lib64/liba.so 0', '/usr/share/doc/liba/README 2'],
      ['data 2-1', '/usr/share/data 0'],
    ]);
    expect(paths).toEqual(['usr/bin/app', 'usr/lib64/liba.so', 'usr/share/data', rpmDatabasePath]);
    expect(plan.removed).toEqual([
      { name: 'tool', version: '1-1', reason: 'nothing needs it' },
      { name: 'rpm', version: '1-1', reason: 'package manager' },
    ]);
  });

  test('the same image gives the same bytes', async () => {
    const twice = await Promise.all([strip(rpmPackages(base)), strip(rpmPackages(base))]);
    const bytes = twice.map(({ after }) => {
      const { content } = after.get(rpmDatabasePath)!;
      return Buffer.from(content!.read(0, content!.size)).toString('hex');
    });
    expect(bytes[0]).toBe(bytes[1]);
  });

  test('`keep` brings one back, with all that it needs', async () => {
    const { names } = await strip(
      rpmPackages({ ...base, tool: { ...base.tool, requires: ['other'] }, other: {} }),
      { keep: ['/etc/tool.conf'] },
    );
    expect(names).toEqual(['app', 'liba', 'data', 'tool', 'other']);
  });

  test('the essential ones stay but in distroless, those of dnf’s list too; a package manager does not', async () => {
    const files = {
      ...rpmPackages({ ...base, bash: {}, coreutils: {}, grub: {}, dnf: {} }),
      'etc/dnf/protected.d/x.conf': '# mine\n grub\ndnf\n',
    };
    expect((await strip(files, { profile: 'keep-shell' })).names).toEqual([
      'app',
      'liba',
      'data',
      'bash',
      'coreutils',
      'grub',
    ]);
    expect((await strip(files, { profile: 'minimal' })).names).not.toContain('bash');
    expect((await strip(files)).names).toEqual(['app', 'liba', 'data']);
  });

  test('the keys of rpm are no packages, and stay', async () => {
    const key = rpmHeaderOf('gpg-pubkey', {});
    const files = {
      ...rpmPackages({ app: { files: { 'usr/bin/app': elf() } } }),
      [rpmDatabasePath]: rpmSqlite([key, rpmHeaderOf('app', { files: { 'usr/bin/app': '' } })]),
    };
    const { after } = await strip(files);
    expect(rowsOf(after)).toEqual([
      [1, 'gpg-pubkey'],
      [2, 'app'],
    ]);
  });
});

describe('what a package needs stays', () => {
  const needing = async (requires: readonly string[], others: Readonly<Record<string, TestRpm>>) => {
    const all = { app: { files: { 'usr/bin/app': elf() }, requires }, ...others };
    const { names } = await strip({ ...rpmPackages(all), 'bin/': '', ...{} });
    return names.filter((name) => name !== 'app');
  };

  test.each([
    ['by what is provided', ['cap(x)'], { a: { provides: ['cap(x)'] }, b: {} }, ['a']],
    [
      'in the right version, of several',
      ['cap >= 2'],
      { a: { provides: ['cap = 1'] }, b: { provides: ['cap = 2'] } },
      ['b'],
    ],
    [
      'in any version where none is right',
      ['cap >= 3'],
      { a: { provides: ['cap = 1'] }, b: { provides: ['cap = 2'] } },
      ['a', 'b'],
    ],
    ['by a file', ['/etc/f'], { a: { files: { 'etc/f': 'x' } }, b: {} }, ['a']],
    [
      'by a file that is not installed',
      ['/usr/share/doc/f'],
      { a: { more: { 'usr/share/doc/f': 2 } } },
      ['a'],
    ],
    [
      'all that a boolean dependency names',
      ['(a if (b or c))'],
      { a: {}, b: {}, c: {}, d: {} },
      ['a', 'b', 'c'],
    ],
    [
      'what that needs',
      ['a'],
      { a: { requires: ['b'] }, b: { requires: ['a', 'c'] }, c: {} },
      ['a', 'b', 'c'],
    ],
    ['nothing that nobody has', ['gone'], { a: {} }, []],
    ['nothing that is only recommended', [], { a: {} }, []],
  ])('%s', async (_, requires, others, expected) => {
    expect(await needing(requires, others as Readonly<Record<string, TestRpm>>)).toEqual(expected);
  });

  test('a file in a directory that is a link', async () => {
    const files = {
      ...rpmPackages({
        app: { files: { 'usr/bin/app': elf() }, requires: ['/bin/other'] },
        other: { files: { 'usr/bin/other': elf() } },
      }),
      bin: '-> usr/bin',
    };
    expect((await strip(files)).names).toEqual(['app', 'other']);
  });

  test('a boolean dependency that cannot be read stops it', async () => {
    const files = rpmPackages({ app: { ...app, requires: ['(a or'] } });
    await expect(strip(files)).rejects.toThrow(expect.objectContaining({ code: 'HARDEN_DATABASE_INVALID' }));
  });
});

describe('files of several packages', () => {
  test('stay as long as one of them does, in whatever order; the other’s header goes', async () => {
    const shared = { 'usr/share/shared': 'x' };
    for (const order of [
      ['gone', 'app'],
      ['app', 'gone'],
    ]) {
      const all: Record<string, TestRpm> = {
        app: { files: { 'usr/bin/app': elf(), ...shared } },
        gone: { files: { 'usr/bin/gone': elf(), ...shared } },
      };
      const { names, paths, claims } = await strip(
        rpmPackages(Object.fromEntries(order.map((name) => [name, all[name]!]))),
      );
      expect(names).toEqual(['app']);
      expect(paths).toContain('usr/share/shared');
      expect(paths).not.toContain('usr/bin/gone');
      expect(claims[0]).toContain('/usr/share/shared 0');
    }
  });

  test('a file that only a package has which left it out is nobody’s, and stays', async () => {
    const files = {
      ...rpmPackages({ app: { files: { 'usr/bin/app': elf() } }, gone: { more: { 'etc/f': 4 } } }),
      'etc/f': 'x',
    };
    expect((await strip(files)).paths).toContain('etc/f');
  });

  test('of two versions or architectures of a package only what is not needed goes', async () => {
    const { claims } = await strip(
      rpmPackages({
        app: { files: { 'usr/bin/app': elf('liba.so') } },
        'liba 64': { files: { 'usr/lib64/liba.so': elf() } },
        'liba 32': { files: { 'usr/lib/liba.data': 'x' }, architecture: 'i686', version: '2-1' },
      }),
    );
    expect(claims.map(([name]) => name)).toEqual(['app 1-1', 'liba 1-1']);
  });
});

test('in file mode what goes of a package that stays is not installed, and ghosts are left as they are', async () => {
  const { claims } = await strip(
    rpmPackages({
      app: {
        files: { 'usr/bin/app': elf(), 'usr/share/app/unused': 'x' },
        more: { 'var/run/app.pid': 'ghost', 'usr/share/left-out': 2, 'usr/share/lost': 0 },
      },
    }),
    { mode: 'file' },
  );
  expect(claims).toEqual([
    [
      'app 1-1',
      '/usr/bin/app 0',
      '/usr/share/app/unused 2',
      '/var/run/app.pid 0',
      '/usr/share/left-out 2',
      '/usr/share/lost 2',
    ],
  ]);
});

describe('the database', () => {
  test('has its log in it, and nothing of what is gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'harden-rpm-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'db');
    writeFileSync(path, rpmSqlite([rpmHeaderOf('app', { files: { 'usr/bin/app': '' } })]));
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE)');
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    insert.run(rpmHeaderOf('late', { files: { 'usr/bin/late': '' } }));
    insert.run(rpmHeaderOf('secret-of-the-log', {}));
    const files = {
      'usr/bin/app': elf(),
      'usr/bin/late': elf(),
      [rpmDatabasePath]: readFileSync(path),
      [`${rpmDatabasePath}-wal`]: readFileSync(`${path}-wal`),
      [`${rpmDatabasePath}-shm`]: readFileSync(`${path}-shm`),
    };
    database.close();
    const { after, plan, paths } = await strip(files, { keep: ['/usr/bin/late'] });
    expect(rowsOf(after)).toEqual([
      [1, 'app'],
      [2, 'late'],
    ]);
    expect(paths).toEqual(['usr/bin/app', 'usr/bin/late', rpmDatabasePath]);
    expect(
      plan.removals.filter(({ path }) => path.startsWith('var/lib/rpm')).map(({ reason }) => reason),
    ).toEqual(['the package database is written anew', 'the package database is written anew']);
    const { content } = after.get(rpmDatabasePath)!;
    const bytes = Buffer.from(content!.read(0, content!.size));
    expect(bytes.includes('secret-of-the-log')).toBe(false);
    // It is to be opened with a log, as rpm had it.
    expect([...bytes.subarray(18, 20)]).toEqual([2, 2]);
  });

  test('gives no number twice', async () => {
    const { after } = await strip(rpmPackages(base));
    withRows(after, (database) => {
      database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(rpmHeaderOf('new', {}));
      expect(database.prepare('SELECT MAX(hnum) AS last FROM Packages').get()).toEqual({ last: 6 });
      expect(database.prepare('SELECT key, hnum FROM Name ORDER BY hnum').all()).toEqual([
        { key: 'app', hnum: 1 },
        { key: 'liba', hnum: 2 },
        { key: 'data', hnum: 3 },
      ]);
    });
  });

  test.each([
    ['a trigger', 'CREATE TRIGGER t AFTER INSERT ON Packages BEGIN DELETE FROM Packages WHERE hnum = 1; END'],
    ['a view', 'CREATE VIEW v AS SELECT 1'],
    ['a table', 'CREATE TABLE other (a)'],
    ['an index on what is computed', 'CREATE INDEX i ON Packages(length(blob))'],
    [
      'columns of other kinds',
      "CREATE TABLE 'Extra' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL DEFAULT (1))",
    ],
  ])('with %s is not rpm’s, and nothing is made of it', async (_, more) => {
    await expect(strip(rpmPackages(base, more))).rejects.toThrow(unreadable);
  });

  test('whose packages do not say which files are installed cannot say which are not', async () => {
    const header = rpmHeader({
      ...{ 1000: 'app', 1001: '1', 1002: '1', 1116: [0, 1], 1117: ['app', 'README'] },
      1118: ['/usr/bin/', '/usr/share/doc/'],
    });
    const files = { 'usr/bin/app': elf(), [rpmDatabasePath]: rpmSqlite([header]) };
    await expect(strip(files)).rejects.toThrow(unreadable);
  });

  test('with a header whose states are fewer than its files is damaged', async () => {
    const header = rpmHeaderOf('app', { files: { 'usr/bin/app': '' }, more: { 'etc/x': 0 } });
    const at = [...Array(header.readUInt32BE(0)).keys()].find(
      (one) => header.readUInt32BE(8 + one * 16) === 1029,
    )!;
    header.writeUInt32BE(1, 8 + at * 16 + 12);
    const files = { 'usr/bin/app': elf(), [rpmDatabasePath]: rpmSqlite([header]) };
    await expect(strip(files)).rejects.toThrow(unreadable);
  });

  test.each([
    ['of Berkeley DB', { 'var/lib/rpm/Packages': rpmBerkeley([rpmHeaderOf('tool', base.tool)]) }],
    [
      'one beside another, which a scanner may read',
      { ...rpmPackages(base), 'usr/lib/sysimage/rpm/Packages.db': rpmNdb([rpmHeaderOf('tool', base.tool)]) },
    ],
  ])('%s: no package is taken out', async (_, files) => {
    const all = { ...base.app.files, ...base.tool.files, 'usr/lib64/liba.so': elf(), ...files };
    const fileSystem = await fileSystemOf(all);
    onTestFinished(() => fileSystem.close());
    const plan = planOf(fileSystem);
    expect([plan.database, plan.kept, plan.removed]).toEqual([null, [], []]);
    expect(plan.removals.map(({ path }) => path)).not.toContain('usr/bin/tool');
    expect(plan.untouched).toMatch(/^no package was removed: .*Packages/);
  });
});

function withRows(fileSystem: FileSystem, look: (database: DatabaseSync) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'harden-rpm-'));
  const { content } = fileSystem.get(rpmDatabasePath)!;
  writeFileSync(join(directory, 'db'), content!.read(0, content!.size));
  const database = new DatabaseSync(join(directory, 'db'));
  try {
    look(database);
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }
}

/** Number and name of each header. */
function rowsOf(fileSystem: FileSystem): unknown[] {
  const rows: unknown[] = [];
  withRows(fileSystem, (database) => {
    for (const { hnum, blob } of database.prepare('SELECT hnum, blob FROM Packages ORDER BY hnum').all())
      rows.push([hnum, /[a-z][\w-]*(?=\0)/.exec(Buffer.from(blob as Uint8Array).toString('latin1'))![0]]);
  });
  return rows;
}

describe('a database of ndb', () => {
  const path = 'usr/lib/sysimage/rpm/Packages.db';
  const headers = [
    rpmHeaderOf('gpg-pubkey', {}),
    ...Object.entries(base).map(([name, one]) => rpmHeaderOf(name, one)),
  ];
  const filesOf = (database: Uint8Array): Files => ({
    ...Object.fromEntries(Object.entries(rpmPackages(base)).filter(([name]) => name !== rpmDatabasePath)),
    [path]: database,
    'usr/lib/sysimage/rpm/Index.db': 'indexes of what was',
  });

  test('is written with what is left, under its numbers, and its indexes go', async () => {
    const { claims, paths, plan, after } = await strip(filesOf(rpmNdb(headers)));
    expect(claims).toEqual([
      ['app 1-1', '/usr/bin/app 0'],
      ['liba 1-1', '/usr/lib64/liba.so 0', '/usr/share/doc/liba/README 2'],
      ['data 2-1', '/usr/share/data 0'],
    ]);
    expect(readRpmPackages(after)!.packages.map(({ number }) => number)).toEqual([2, 3, 4]);
    expect(paths).toEqual(['usr/bin/app', path, 'usr/lib64/liba.so', 'usr/share/data'].sort());
    expect(plan.untouched).toBe(null);
    const { content } = after.get(path)!;
    const bytes = Buffer.from(content!.read(0, content!.size));
    expect([bytes.includes('tool'), bytes.includes('gpg-pubkey')]).toEqual([false, true]);
    // What is installed later gets a number that none had before.
    expect(bytes.readUInt32LE(16)).toBe(headers.length + 1);
  });

  test('of more packages than its first page has room for', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 600 }, (_, at): [string, TestRpm] => [
        `p${at}`,
        { files: { [`usr/share/${at}`]: `${at}` } },
      ]),
    );
    const files = {
      ...Object.assign({}, ...Object.values(many).map((one) => one.files)),
      [path]: rpmNdb(Object.entries(many).map(([name, one]) => rpmHeaderOf(name, one))),
    };
    const { names } = await strip(files, {
      run: [],
      keep: ['/usr/share/*0', '/usr/share/*1', '/usr/share/*2', '/usr/share/*3', '/usr/share/*4'],
    });
    expect(names).toHaveLength(300);
  });

  test.each(['cut off', 'changed'])('that is %s is not written', async (how) => {
    const whole = rpmNdb(headers);
    if (how === 'changed') whole[whole.length - 40]! ^= 1;
    await expect(strip(filesOf(how === 'changed' ? whole : whole.subarray(0, -20)))).rejects.toThrow(
      unreadable,
    );
  });
});

test('what is left is of a package, and what a package has is left: whatever the packages', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const one = fc.record({
    needs: fc.uniqueArray(name, { maxLength: 3 }),
    requires: fc.uniqueArray(name, { maxLength: 2 }),
    shares: fc.uniqueArray(fc.constantFrom('etc/passwd', 'usr/share/x', 'usr/lib/liba.so'), { maxLength: 2 }),
    state: fc.constantFrom(0, 2),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, one, { minKeys: 1 }),
      fc.constantFrom('distroless' as const, 'minimal' as const, 'keep-shell' as const),
      fc.constantFrom('package' as const, 'file' as const),
      async (graph, profile, mode) => {
        const names = Object.keys(graph);
        const libraries = (all: readonly string[]) =>
          all.filter((other) => names.includes(other)).map((other) => `lib${other}.so`);
        const packages = Object.fromEntries(
          Object.entries(graph).map(([each, { needs, requires, shares, state }]): [string, TestRpm] => {
            const own = {
              [`usr/bin/${each}`]: elf(...libraries([each, ...needs])),
              [`usr/lib/lib${each}.so`]: elf(...libraries(needs)),
              [`usr/share/doc/${each}/README`]: 'x',
            };
            const shared = shares.filter((path) => path !== 'usr/lib/liba.so' || names.includes('a'));
            return state === 0
              ? [
                  each,
                  { requires, files: { ...Object.fromEntries(shared.map((path) => [path, elf()])), ...own } },
                ]
              : [each, { requires, files: own, more: Object.fromEntries(shared.map((path) => [path, 2])) }];
          }),
        );
        const had = new Set(Object.values(packages).flatMap(({ files = {} }) => Object.keys(files)));
        const { claims, paths } = await strip(rpmPackages(packages), {
          profile,
          mode,
          run: [`/usr/bin/${names[0]}`],
        });
        const claimed = claims
          .flatMap(([, ...files]) => files)
          .filter((file) => file.endsWith(' 0'))
          .map((file) => file.slice(1, -2));
        expect(paths).toContain(`usr/bin/${names[0]}`);
        expect([...new Set(claimed)].sort()).toEqual(paths.filter((path) => had.has(path)).sort());
      },
    ),
    { numRuns: 100 },
  );
});
