import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { zipOf } from '../testing/zip.ts';
import { AdvisoryDatabase } from './database.ts';
import { importAdvisories } from './import.ts';

let directory: string;
let path: string;
const now = new Date('2026-01-02T03:04:05Z');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-advisories-'));
  path = join(directory, 'db', 'advisories.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Writes a file below the test's directory; returns its path. */
function file(name: string, content: unknown): string {
  const target = join(directory, name);
  mkdirSync(join(target, '..'), { recursive: true });
  const bytes =
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
  writeFileSync(target, bytes);
  return target;
}

/** Imports into the test's database and opens it. */
async function imported(...inputs: string[]) {
  await importAdvisories(path, inputs, now);
  const database = AdvisoryDatabase.open(path);
  return {
    said: (type: 'npm' | 'pypi' | 'golang' | 'deb' | 'apk' | 'rpm', distro: string, name: string) =>
      database.advisories(type, distro, name),
    database,
    [Symbol.dispose]: () => database.close(),
  };
}

const ghsa = {
  id: 'GHSA-aaaa-bbbb-cccc',
  modified: '2024-01-01T00:00:00Z',
  aliases: ['CVE-2024-0001'],
  summary: 'Prototype pollution',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  database_specific: { severity: 'MODERATE' },
  affected: [
    {
      package: { ecosystem: 'npm', name: 'lodash' },
      ranges: [{ type: 'SEMVER', events: [{ fixed: '4.17.21' }, { introduced: '0' }] }],
    },
  ],
};

describe('OSV', () => {
  test('events in any order become a range, and the CVE is the vulnerability', async () => {
    using db = await imported(file('GHSA.json', ghsa));
    expect(db.said('npm', '', 'lodash')).toEqual([
      {
        vulnerability: 'CVE-2024-0001',
        id: 'GHSA-aaaa-bbbb-cccc',
        source: 'osv:npm/GHSA',
        aliases: ['GHSA-aaaa-bbbb-cccc'],
        title: 'Prototype pollution',
        url: 'https://osv.dev/vulnerability/GHSA-aaaa-bbbb-cccc',
        published: undefined,
        ranges: [{ fixed: '4.17.21' }],
        versions: [],
      },
    ]);
  });

  test("the publisher's word counts, and the score computed from the vector is kept beside it", async () => {
    using db = await imported(file('GHSA.json', ghsa));
    expect(db.database.ratings('CVE-2024-0001')).toEqual([
      { by: 'ghsa', severity: 'medium', score: 9.8, vector: ghsa.severity[0]!.score },
    ]);
  });

  test('several ranges stay apart: fixed in two branches', async () => {
    const events = [
      { introduced: '5.0' },
      { fixed: '5.2' },
      { introduced: '4.0' },
      { last_affected: '4.9' },
      { introduced: '6.10' },
    ];
    const record = {
      id: 'PYSEC-2024-1',
      modified: '2024-01-01T00:00:00Z',
      affected: [
        {
          package: { ecosystem: 'PyPI', name: 'Access_Control' },
          ranges: [
            { type: 'GIT', events: [{ introduced: '0' }] },
            { type: 'ECOSYSTEM', events },
          ],
          versions: ['1.0'],
        },
      ],
    };
    using db = await imported(file('PYSEC.json', record));
    expect(db.said('pypi', '', 'access-control')).toMatchObject([
      {
        ranges: [
          { introduced: '4.0', lastAffected: '4.9' },
          { introduced: '5.0', fixed: '5.2' },
          { introduced: '6.10' },
        ],
        versions: ['1.0'],
      },
    ]);
  });

  test("a distribution's notice about two CVEs is two vulnerabilities, of its own release only", async () => {
    const record = {
      id: 'USN-1-1',
      modified: '2024-01-01T00:00:00Z',
      upstream: ['CVE-2024-0003', 'UBUNTU-CVE-2024-0002'],
      affected: [
        {
          package: { ecosystem: 'Ubuntu:22.04:LTS', name: 'openssl' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '3.0.2-0ubuntu1.1' }] }],
        },
      ],
    };
    using db = await imported(file('USN.json', record));
    expect(db.said('deb', 'ubuntu:22.04', 'openssl').map(({ vulnerability }) => vulnerability)).toEqual([
      'CVE-2024-0002',
      'CVE-2024-0003',
    ]);
    expect(db.said('deb', 'ubuntu:24.04', 'openssl')).toEqual([]);
  });

  test('an advisory that was withdrawn is gone, and one that changed is replaced', async () => {
    await importAdvisories(path, [file('1/GHSA.json', ghsa)], now);
    const changed = {
      ...ghsa,
      affected: [{ ...ghsa.affected[0], package: { ecosystem: 'npm', name: 'other' } }],
    };
    await importAdvisories(path, [file('2/GHSA.json', changed)], now);
    {
      using db = await imported(file('3/GHSA.json', changed));
      expect(db.said('npm', '', 'lodash')).toEqual([]);
      expect(db.said('npm', '', 'other')).toHaveLength(1);
    }
    using db = await imported(file('4/GHSA.json', { ...changed, withdrawn: '2024-02-01T00:00:00Z' }));
    expect(db.said('npm', '', 'other')).toEqual([]);
    expect(db.database.ratings('CVE-2024-0001')).toEqual([]);
  });

  test('an ecosystem that is not known is counted, not taken for covered', async () => {
    const record = {
      ...ghsa,
      affected: [{ package: { ecosystem: 'Bitnami', name: 'x' } }, ...ghsa.affected],
    };
    const report = await importAdvisories(path, [file('GHSA.json', record)], now);
    expect(report).toMatchObject({ files: 1, stored: 1, unsupported: new Map([['Bitnami', 1]]) });
  });
});

describe('Debian', () => {
  test('the tracker: resolved, open, never affected, undetermined', async () => {
    const releases = {
      bookworm: { status: 'resolved', fixed_version: '1.2-1+deb12u1', urgency: 'not yet assigned' },
      bullseye: { status: 'open', urgency: 'unimportant' },
      trixie: { status: 'resolved', fixed_version: '0' },
      sid: { status: 'undetermined' },
    };
    using db = await imported(
      file('debian.json', { curl: { 'CVE-2024-0004': { description: 'd', releases } } }),
    );
    expect(db.said('deb', 'debian:12', 'curl')).toMatchObject([{ ranges: [{ fixed: '1.2-1+deb12u1' }] }]);
    expect(db.said('deb', 'debian:11', 'curl')).toMatchObject([{ ranges: [{}] }]);
    expect(db.said('deb', 'debian:13', 'curl')).toEqual([]);
    expect(db.said('deb', 'debian:sid', 'curl')).toEqual([]);
    expect(db.database.ratings('CVE-2024-0004')).toMatchObject([{ by: 'debian', severity: 'negligible' }]);
  });

  test('notices: one vulnerability a CVE, releases by their numbers, markers are no versions', async () => {
    const text = [
      '[29 Mar 2023] DSA-5380-1 xorg-server - security update',
      '\t{CVE-2023-1393 CVE-2023-1394}',
      '\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6',
      '\t[buster] - xorg-server <not-affected>',
      '\tNOTE: fixed in testing at time of DSA',
      '[28 Mar 2023] DSA-5379-1 sox - regression update',
      '\t[bullseye] - sox 14.4-2',
      '',
    ].join('\n');
    using db = await imported(file('list', text));
    expect(db.said('deb', 'debian:11', 'xorg-server')).toMatchObject([
      { vulnerability: 'CVE-2023-1393', id: 'DSA-5380-1', ranges: [{ fixed: '2:1.20.11-1+deb11u6' }] },
      { vulnerability: 'CVE-2023-1394', id: 'DSA-5380-1' },
    ]);
    expect(db.said('deb', 'debian:10', 'xorg-server')).toEqual([]);
    expect(db.said('deb', 'debian:11', 'sox')).toMatchObject([{ vulnerability: 'DSA-5379-1' }]);
  });
});

test('Alpine: fixed versions by package; version 0 says never affected; several names on one line', async () => {
  const yaml = [
    'distroversion: v3.19',
    'reponame: main',
    'packages:',
    '  - pkg:',
    '      name: openssl',
    '      secfixes:',
    '        3.1.4-r5:',
    '          - CVE-2024-0005 GHSA-1111-2222-3333',
    '        "0":',
    '          - CVE-2024-0006',
  ].join('\n');
  using db = await imported(file('main.yaml', yaml));
  expect(db.said('apk', 'alpine:3.19', 'openssl')).toMatchObject([
    { vulnerability: 'CVE-2024-0005', aliases: ['GHSA-1111-2222-3333'], ranges: [{ fixed: '3.1.4-r5' }] },
  ]);
});

test('a file that is the whole source replaces it: what it does not say any more is gone', async () => {
  const secdb = (secfixes: unknown) => ({
    distroversion: 'v3.19',
    reponame: 'main',
    packages: [{ pkg: { name: 'openssl', secfixes } }],
  });
  await importAdvisories(path, [file('1.json', secdb({ '1-r0': ['CVE-2024-0007'] }))], now);
  using db = await imported(file('2.json', secdb({ '2-r0': ['CVE-2024-0008'] })));
  expect(db.said('apk', 'alpine:3.19', 'openssl').map(({ vulnerability }) => vulnerability)).toEqual([
    'CVE-2024-0008',
  ]);
});

test('KEV, EPSS (gzip) and NVD say how bad, not who is affected', async () => {
  const kev = {
    catalogVersion: '2024.01.01',
    vulnerabilities: [
      { cveID: 'CVE-2024-0001', dateAdded: '2024-01-03', knownRansomwareCampaignUse: 'Known' },
    ],
  };
  const epss = '#model_version:v2023.03.01\ncve,epss,percentile\nCVE-2024-0001,0.97565,0.99999\n';
  const vectorString = 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:L';
  const metrics = { cvssMetricV31: [{ type: 'Primary', cvssData: { vectorString } }] };
  const nvd = { format: 'NVD_CVE', vulnerabilities: [{ cve: { id: 'CVE-2024-0001', metrics } }] };
  using db = await imported(
    file('kev.json', kev),
    file('epss.csv.gz', new Uint8Array(gzipSync(epss))),
    file('nvd.json', nvd),
  );
  expect(db.database.exploited('CVE-2024-0001')).toMatchObject({ added: '2024-01-03', ransomware: true });
  expect(db.database.score('CVE-2024-0001')).toEqual({ score: 0.97565, percentile: 0.99999 });
  expect(db.database.ratings('CVE-2024-0001')).toMatchObject([{ by: 'nvd', severity: 'low', score: 3.7 }]);
  expect(db.database.status()).toMatchObject({ exploited: 1, scores: 1, builtAt: now.toISOString() });
});

describe('zips', () => {
  const content = new TextEncoder().encode(JSON.stringify(ghsa));

  test('every advisory of a zip is read, other files are not', async () => {
    const other = new TextEncoder().encode(JSON.stringify({ ...ghsa, id: 'GHSA-2', aliases: [] }));
    const files = [
      { name: 'GHSA-1.json', content },
      { name: 'nested/GHSA-2.json', content: other },
      { name: 'README.md', content: new TextEncoder().encode('{') },
    ];
    using db = await imported(file('all.zip', zipOf(files)));
    expect(db.said('npm', '', 'lodash').map(({ id }) => id)).toEqual(['GHSA-aaaa-bbbb-cccc', 'GHSA-2']);
  });

  test.each([
    ['a name that leads out of it', { name: '../GHSA.json', content }],
    ['a file that unpacks to more than it says', { name: 'GHSA.json', content, size: 10 }],
    ['a file that unpacks to less than it says', { name: 'GHSA.json', content, size: 10_000 }],
  ])('%s fails the import', async (_, entry) => {
    await expect(importAdvisories(path, [file('all.zip', zipOf([entry]))], now)).rejects.toMatchObject({
      code: 'ADVISORIES_INVALID',
    });
  });

  test('a bomb is stopped at the limit, whatever size it claims', async () => {
    const bomb = new Uint8Array(257 * 2 ** 20);
    const zip = zipOf([{ name: 'GHSA.json', content: bomb }]);
    expect(zip.length).toBeLessThan(2 ** 20);
    await expect(importAdvisories(path, [file('all.zip', zip)], now)).rejects.toMatchObject({
      code: 'ADVISORIES_TOO_LARGE',
    });
  });
});

describe('hostile and broken input', () => {
  test.each([
    ['truncated JSON', 'x.json', '{"id": "GHSA-1", "affected": ['],
    ['a version that is a number', 'x.json', { ...ghsa, affected: [{ ...ghsa.affected[0], versions: [1] }] }],
    ['a YAML alias bomb', 'x.yaml', 'a: &a [x, x]\nb: &b [*a, *a]\nid: *b\naffected: []\n'],
    [
      'a version too long to compare',
      'x.json',
      {
        ...ghsa,
        affected: [
          {
            package: { ecosystem: 'npm', name: 'x' },
            ranges: [{ type: 'SEMVER', events: [{ introduced: '' }, { fixed: '1' }] }],
          },
        ],
      },
    ],
    ['an EPSS line that is none', 'epss.csv', 'cve,epss,percentile\nCVE-2024-0001,2.5,x\n'],
    ['a gzip that ends early', 'x.json.gz', new Uint8Array(gzipSync(JSON.stringify(ghsa))).subarray(0, 40)],
    ['a zip that is none', 'x.zip', 'PK no'],
  ])('%s fails the import with the name of the file, and nothing of it is kept', async (_, name, content) => {
    await importAdvisories(path, [file('good/GHSA.json', ghsa)], now);
    const other = { ...ghsa, id: 'GHSA-dddd-eeee-ffff', aliases: ['CVE-2024-0009'] };
    const inputs = [file('also-good.json', other), file(name, content)];
    await expect(importAdvisories(path, inputs, now)).rejects.toMatchObject({
      code: 'ADVISORIES_INVALID',
      message: expect.stringContaining(name),
    });
    const database = AdvisoryDatabase.open(path);
    expect(database.advisories('npm', '', 'lodash').map(({ id }) => id)).toEqual([ghsa.id]);
    database.close();
  });

  test('a gzip bomb is stopped at the limit, not unpacked', async () => {
    const bomb = gzipSync(new Uint8Array(300 * 2 ** 20));
    expect(bomb.length).toBeLessThan(2 ** 20);
    await expect(
      importAdvisories(path, [file('bomb.json.gz', new Uint8Array(bomb))], now),
    ).rejects.toMatchObject({
      code: 'ADVISORIES_TOO_LARGE',
    });
  });

  test('a file that is no advisory at all is refused, not counted as nothing', async () => {
    await expect(importAdvisories(path, [file('package.json', { name: 'x' })], now)).rejects.toMatchObject({
      code: 'ADVISORIES_UNRECOGNISED',
    });
  });

  test('a first import that fails leaves no database that would find nothing', async () => {
    await expect(importAdvisories(path, [file('x.json', '{')], now)).rejects.toMatchObject({
      code: 'ADVISORIES_INVALID',
    });
    expect(() => AdvisoryDatabase.open(path)).toThrow(/there is no advisory database/);
    using db = await imported(file('GHSA.json', ghsa));
    expect(db.said('npm', '', 'lodash')).toHaveLength(1);
  });

  test('a missing database, another file and another schema are faults', async () => {
    expect(() => AdvisoryDatabase.open(path)).toThrow(/there is no advisory database/);
    const text = file('text.db', 'this is no database at all, but long enough to be asked'.repeat(20));
    expect(() => AdvisoryDatabase.open(text)).toThrow(/is no advisory database/);
    await expect(importAdvisories(text, [file('GHSA.json', ghsa)], now)).rejects.toMatchObject({
      code: 'ADVISORY_DATABASE_INVALID',
    });
  });
});

describe('what is packed in other ways', () => {
  const tar = `${'x'.repeat(257)}ustar${'\0'.repeat(250)}`;
  test.each([
    ['osv.tar', tar, 'a tar archive', /tar -xf/],
    ['osv.tar.gz', gzipSync(tar), 'a tar archive', /tar -xf/],
    ['osv.json.zst', new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 1, 2]), 'a zstd file', /zstd -d/],
    ['osv.json', '<!doctype html><title>Not found</title>', 'a page of HTML', /the page links to/],
    ['osv.json', '', 'nothing', /OSV/],
  ])('%s is named, with what to do: %#', async (name, content, found, remedy) => {
    await expect(importAdvisories(path, [file(name, content)], now)).rejects.toMatchObject({
      code: 'ADVISORIES_UNRECOGNISED',
      found,
      remedy: expect.stringMatching(remedy),
    });
  });

  test('zip and gzip are unpacked whatever they are called', async () => {
    const zip = file(
      'all',
      zipOf([{ name: 'GHSA.json', content: new TextEncoder().encode(JSON.stringify(ghsa)) }]),
    );
    expect(await importAdvisories(path, [zip], now)).toMatchObject({ files: 1 });
    const packed = file('download', gzipSync(JSON.stringify(ghsa)));
    expect(await importAdvisories(path, [packed], now)).toMatchObject({ files: 1 });
  });
});

test('an import that is ended stores nothing', async () => {
  const input = file('GHSA.json', ghsa);
  await expect(importAdvisories(path, [input], now, AbortSignal.abort(new Error('SIGINT')))).rejects.toThrow(
    'SIGINT',
  );
  using after = await imported(file('other.json', { ...ghsa, id: 'GHSA-other' }));
  expect(after.said('npm', '', 'lodash').map(({ id }) => id)).not.toContain(ghsa.id);
});
