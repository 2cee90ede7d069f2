import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import { defaultLimits } from '../filesystem/types.ts';
import { rpmBerkeley, rpmHeader, rpmNdb, rpmSqlite } from '../testing/rpm.ts';
import { file, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { type Catalog, catalogPackages, packageFiles } from './catalog.ts';

async function catalog(...entries: readonly TestEntry[]): Promise<Catalog> {
  const options = { keep: packageFiles, digests: false, limits: defaultLimits };
  const fileSystem = mergeLayers([await readLayer(ReadableStream.from([tar(entries)]), options)]);
  try {
    return await catalogPackages(fileSystem);
  } finally {
    fileSystem.close();
  }
}

const names = ({ packages }: Catalog) => packages.map(({ name }) => name);
const unreadable = { code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' };
const named = (name: string) => rpmHeader({ 1000: name, 1001: '1', 1002: '2' });

const bash = rpmHeader({
  273: 'c'.repeat(64),
  1000: 'bash',
  1001: '5.1.8',
  1002: '9.el9',
  1003: [1],
  1014: 'GPLv3+',
  1022: 'x86_64',
  1044: 'bash-5.1.8-9.el9.src.rpm',
  1049: ['glibc', 'rpmlib(PayloadIsZstd)'],
  1116: [0],
  1117: ['bash'],
  1118: ['/usr/bin/'],
});
const glibc = rpmHeader({ 273: 'x', 1000: 'glibc', 1001: '2.34', 1002: '1.el9', 1047: ['libc.so.6'] });
const key = named('gpg-pubkey');

const sqlite = 'usr/lib/sysimage/rpm/rpmdb.sqlite';
const ndb = 'usr/lib/sysimage/rpm/Packages.db';
const berkeley = 'var/lib/rpm/Packages';

describe.each([
  ['SQLite', sqlite, rpmSqlite],
  ['ndb', ndb, rpmNdb],
  ['Berkeley DB', berkeley, rpmBerkeley],
])('rpm’s database in %s', (_, path, write) => {
  test('gives packages with epoch, source, licence, files and what they need; no keys', async () => {
    const os = file('etc/os-release', 'ID="rhel"\nVERSION_ID="9.3"\n');
    const found = await catalog(os, file('usr/bin/bash'), file(path, write([bash, key, glibc])));
    expect(found.packages).toMatchObject([
      {
        name: 'bash',
        version: '1:5.1.8-9.el9',
        source: { name: 'bash', version: '1:5.1.8-9.el9' },
        checksum: { algorithm: 'SHA-256', value: 'c'.repeat(64) },
        purl: 'pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&distro=rhel-9.3&epoch=1&upstream=bash-5.1.8-9.el9.src.rpm',
        licenses: ['GPLv3+'],
        location: { path },
      },
      { name: 'glibc', version: '2.34-1.el9' },
    ]);
    expect(found.owners.get('usr/bin/bash')).toBe(found.packages[0]);
    expect(found.dependencies.get(found.packages[0]!)).toEqual([found.packages[1]]);
    expect(found.skipped).toEqual([]);
  });

  test.each([
    ['one that is none', [file(path, 'x'.repeat(5000))]],
    ['one that is empty', [file(path, '')]],
    ['one that lies elsewhere', [symlink(path, '/opt/db'), file('opt/db', write([bash]))]],
    ['one with a damaged package', [file(path, write([bash, bash.subarray(0, -1)]))]],
  ])('%s is a fault, never "no packages"', async (_case, entries) => {
    await expect(catalog(...entries)).rejects.toThrow(expect.objectContaining(unreadable));
  });
});

test('more packages than anybody installs are a fault', async () => {
  const packages = Array<Uint8Array>(50_001).fill(named('a'));
  await expect(catalog(file(berkeley, rpmBerkeley(packages)))).rejects.toThrow(
    expect.objectContaining({ ...unreadable, message: expect.stringMatching(/more than 50000 packages/) }),
  );
});

test('more names than a machine can hold are a fault: each is a byte in the database, and more here', async () => {
  const provides = Array<string>(900_000).fill('');
  const crowd = rpmHeader({ 1000: 'crowd', 1001: '1', 1002: '2', 1047: provides });
  await expect(catalog(file(ndb, rpmNdb([crowd, crowd, crowd])))).rejects.toThrow(
    expect.objectContaining({ ...unreadable, message: expect.stringMatching(/more than 2000000 files/) }),
  );
});

describe('several databases', () => {
  const everywhere = [
    file(berkeley, rpmBerkeley([named('old')])),
    file(ndb, rpmNdb([named('own')])),
    file(sqlite, rpmSqlite([named('new')])),
  ];

  test('are told, and the first is read of those rpm looks for: SQLite, ndb, Berkeley DB', async () => {
    const found = await catalog(...everywhere);
    expect(names(found)).toEqual(['new']);
    expect(found.skipped).toEqual([
      { path: ndb, why: `rpm reads ${sqlite} instead` },
      { path: berkeley, why: `rpm reads ${sqlite} instead` },
    ]);
    expect(names(await catalog(...everywhere.slice(0, 2)))).toEqual(['own']);
  });

  test('one without packages, as a foreign rpm leaves behind, does not hide those of another', async () => {
    expect(names(await catalog(...everywhere.slice(0, 2), file(sqlite, rpmSqlite([]))))).toEqual(['own']);
    const empty = await catalog(file(sqlite, rpmSqlite([])), file(ndb, rpmNdb([])));
    expect(names(empty)).toEqual([]);
  });

  test('a damaged one is a fault, also where another is whole', async () => {
    const entries = [...everywhere.slice(0, 2), file(sqlite, 'x'.repeat(5000))];
    await expect(catalog(...entries)).rejects.toThrow(expect.objectContaining(unreadable));
  });

  test('a place that is a link to another is no second one', async () => {
    const found = await catalog(
      file(sqlite, rpmSqlite([named('new')])),
      symlink('var/lib/rpm', '../../usr/lib/sysimage/rpm'),
    );
    expect([names(found), found.skipped]).toEqual([['new'], []]);
  });
});

test.each([
  ['a view', "CREATE VIEW Packages AS SELECT 1 AS hnum, x'00' AS blob"],
  [
    'what never ends',
    "CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS hnum, x'00' AS blob FROM c WHERE x < 0",
  ],
  ['what is computed', 'CREATE TABLE Packages (hnum INTEGER, blob BLOB AS (zeroblob(1000000000)) NOT NULL)'],
])('a database whose packages are %s is not rpm’s', async (_, statement) => {
  const database = rpmSqlite([], `DROP TABLE Name; DROP TABLE Packages; ${statement}`);
  await expect(catalog(file(sqlite, database))).rejects.toThrow(
    expect.objectContaining({ ...unreadable, message: expect.stringMatching(/that rpm has not made/) }),
  );
});

test('what is in the log of an SQLite database and not yet in it counts', async () => {
  const root = mkdtempSync(join(tmpdir(), 'inspect-rpm-'));
  const db = new DatabaseSync(join(root, 'db'));
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)');
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.prepare('INSERT INTO Packages (blob) VALUES (?)').run(bash);
  const [whole, log] = [readFileSync(join(root, 'db')), readFileSync(join(root, 'db-wal'))];
  db.close();
  rmSync(root, { recursive: true });
  expect(names(await catalog(file(sqlite, whole), file(`${sqlite}-wal`, log)))).toEqual(['bash']);
  expect(names(await catalog(file(sqlite, whole)))).toEqual([]);
});

describe('the manifest of a distroless image of CBL-Mariner or Azure Linux', () => {
  const path = 'var/lib/rpmmanifest/container-manifest-2';
  const line = (...fields: string[]) => fields.join('\t');
  const times = ['1653816591', '1653628955'];
  const openssl = line(
    'openssl',
    '1.1.1k-15.cm2',
    ...times,
    'Microsoft Corporation',
    '1',
    '1',
    'x86_64',
    '1',
    'openssl-1.1.1k-15.cm2.src.rpm',
  );
  const release = line(
    'mariner-release',
    '2.0-12.cm2',
    ...times,
    '(none)',
    '(none)',
    '580',
    'noarch',
    '0',
    '(none)',
  );
  const os = file('etc/os-release', 'ID="mariner"\nVERSION_ID="2.0"\n');

  test('is read for its packages', async () => {
    const found = await catalog(os, file(path, `${openssl}\n${release}\n`));
    expect(found.packages).toMatchObject([
      {
        name: 'mariner-release',
        version: '2.0-12.cm2',
        architecture: 'noarch',
        supplier: undefined,
      },
      {
        name: 'openssl',
        version: '1:1.1.1k-15.cm2',
        source: { name: 'openssl', version: '1:1.1.1k-15.cm2' },
        supplier: 'Microsoft Corporation',
        location: { path },
        purl: 'pkg:rpm/mariner/openssl@1.1.1k-15.cm2?arch=x86_64&distro=mariner-2.0&epoch=1&upstream=openssl-1.1.1k-15.cm2.src.rpm',
      },
    ]);
  });

  test('is not read where rpm has a database with packages, and is where that has none', async () => {
    expect(names(await catalog(file(path, openssl), file(sqlite, rpmSqlite([named('own')]))))).toEqual([
      'own',
    ]);
    const found = await catalog(file(path, openssl), file(sqlite, rpmSqlite([])));
    expect([names(found), found.skipped]).toEqual([
      ['openssl'],
      [{ path: sqlite, why: `rpm reads ${path} instead` }],
    ]);
  });

  test.each([
    ['too few fields', line('a', '1-2', ...times)],
    ['a version without a release', openssl.replace('1.1.1k-15.cm2', '1.1.1k')],
    ['an epoch that is none', openssl.replace('\t1\topenssl-', '\tx\topenssl-')],
    ['no name', `\t${openssl}`],
  ])('with %s is a fault: what it leaves out is not known', async (_, text) => {
    await expect(catalog(file(path, `${release}\n${text}\n`))).rejects.toThrow(
      expect.objectContaining(unreadable),
    );
  });
});

test('the module that a package is of is read', async () => {
  const label = 'nodejs:18:8090020240101:rhel8';
  const node = rpmHeader({ 1000: 'nodejs', 1001: '18.1', 1002: '1.module+el8', 5096: label });
  const { packages } = await catalog(file(sqlite, rpmSqlite([node, named('plain')])));
  expect(packages.map(({ name, modularityLabel }) => [name, modularityLabel])).toEqual([
    ['nodejs', label],
    ['plain', undefined],
  ]);
});
