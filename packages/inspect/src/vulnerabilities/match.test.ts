import { describe, expect, test } from 'vitest';
import type { Package } from '../packages/package.ts';
import { databaseOf, installed, osv } from '../testing/database.ts';
import { matchPackages } from './match.ts';

const now = new Date('2026-01-02T03:04:05Z');
const bookworm = { id: 'debian', versionId: '12' };

/** `vulnerability package installed fixed` of every finding. */
async function found(documents: readonly unknown[], ...packages: Package[]): Promise<string[]> {
  using db = await databaseOf(documents, now);
  return matchPackages(packages, db.database).findings.map(
    (one) => `${one.vulnerability} ${one.package.name} ${one.package.version} ${one.fixedVersion ?? '-'}`,
  );
}

/** Debian's tracker: OpenSSL has one vulnerability in bookworm. */
const openssl = (fixed: string) => ({
  openssl: { 'CVE-2024-1000': { releases: { bookworm: { status: 'resolved', fixed_version: fixed } } } },
});

describe('distributions', () => {
  test('a binary package is vulnerable through its source package', async () => {
    const libssl = installed('deb', 'libssl3', '3.0.11-1~deb12u1', {
      distro: bookworm,
      source: { name: 'openssl', version: '3.0.11-1~deb12u1' },
    });
    expect(await found([openssl('3.0.11-1~deb12u2')], libssl)).toEqual([
      'CVE-2024-1000 libssl3 3.0.11-1~deb12u1 3.0.11-1~deb12u2',
    ]);
  });

  test("the source's version is compared, not the binary's: a binary rebuild changes only the latter", async () => {
    const rebuilt = installed('deb', 'libssl3', '3.0.10-1+b1', {
      distro: bookworm,
      source: { name: 'openssl', version: '3.0.11-1' },
    });
    expect(await found([openssl('3.0.11-1')], rebuilt)).toEqual([]);
  });

  test('the epoch counts', async () => {
    const old = installed('deb', 'openssl', '9.9-1', { distro: bookworm });
    expect(await found([openssl('1:0.1-1')], old)).toHaveLength(1);
  });

  test('of an rpm without an epoch, what it was built from may have one: a fix that is installed is none to do', async () => {
    const record = osv('RLSA-2024:1', 'Rocky Linux:9', 'perl', [
      { introduced: '0' },
      { fixed: '4:5.32.1-481.el9' },
    ]);
    const rocky = { id: 'rocky', versionId: '9.4' };
    const part = (release: string, epoch = '') =>
      installed('rpm', 'perl-Errno', `${epoch}1.30-${release}`, {
        distro: rocky,
        source: { name: 'perl', version: `${epoch}5.32.1-${release}` },
      });
    expect(await found([record], part('481.el9'))).toEqual([]);
    expect(await found([record], part('480.el9'))).toEqual([
      'RLSA-2024:1 perl-Errno 1.30-480.el9 4:5.32.1-481.el9',
    ]);
    expect(await found([record], part('481.el9', '3:'))).toHaveLength(1);
    // Its own epoch is known, also where it has none.
    expect(await found([record], installed('rpm', 'perl', '9-1', { distro: rocky }))).toHaveLength(1);
  });

  test('service packs of openEuler have advisories of their own, and what no database speaks of is told by its name', async () => {
    const record = osv('OESA-2024-1', 'openEuler:22.03-LTS-SP3', 'curl', [
      { introduced: '0' },
      { fixed: '7.79.1-30.oe2203sp3' },
    ]);
    const curl = (id: string, versionId: string) =>
      installed('rpm', 'curl', '7.79.1-29', { distro: { id, versionId } });
    expect(await found([record], curl('openeuler', '22.03-LTS-SP3'))).toHaveLength(1);
    for (const [id, release] of [
      ['openeuler', '22.03-LTS-SP4'],
      ['fedora', '42'],
      ['amzn', '2'],
      ['amzn', '2023'],
      ['ol', '8'],
    ] as const) {
      using db = await databaseOf([record], now);
      const { findings, uncovered } = matchPackages([curl(id, release)], db.database);
      expect({ findings, uncovered }).toEqual({
        findings: [],
        uncovered: [{ type: 'rpm', distro: `${id}:${release}`, packages: 1 }],
      });
    }
  });

  test("another release's advisory, and another distribution's, is not about this one", async () => {
    for (const distro of [
      { id: 'debian', versionId: '11' },
      { id: 'ubuntu', versionId: '12' },
    ]) {
      using db = await databaseOf([openssl('9')], now);
      const { findings, uncovered } = matchPackages(
        [installed('deb', 'openssl', '1', { distro })],
        db.database,
      );
      expect(findings).toEqual([]);
      expect(uncovered).toMatchObject([{ type: 'deb', packages: 1 }]);
    }
  });

  test('a binary package that is called like another source package is not taken for it', async () => {
    const binary = installed('deb', 'openssl', '1', {
      distro: bookworm,
      source: { name: 'other', version: '1' },
    });
    expect(await found([openssl('9')], binary)).toEqual([]);
  });

  test('a patch release of Alpine has the advisories of its branch', async () => {
    const secdb = {
      distroversion: 'v3.19',
      reponame: 'main',
      packages: [{ pkg: { name: 'openssl', secfixes: { '3.1.4-r5': ['CVE-2024-1001'] } } }],
    };
    const libssl = (version: string) =>
      installed('apk', 'libssl3', version, {
        distro: { id: 'alpine', versionId: '3.19.1' },
        source: { name: 'openssl', version },
      });
    expect(await found([secdb], libssl('3.1.4-r4'), libssl('3.1.4-r5'))).toEqual([
      'CVE-2024-1001 libssl3 3.1.4-r4 3.1.4-r5',
    ]);
  });

  test('two sources of one vulnerability are one finding, whose fix satisfies both', async () => {
    const notice =
      '[29 Mar 2024] DSA-1-1 openssl - security update\n\t{CVE-2024-1000}\n\t[bookworm] - openssl 3.0-2\n';
    using db = await databaseOf([openssl('3.0-1'), notice], now);
    const { findings } = matchPackages([installed('deb', 'openssl', '1', { distro: bookworm })], db.database);
    expect(findings).toMatchObject([
      {
        vulnerability: 'CVE-2024-1000',
        aliases: ['DSA-1-1'],
        fixedVersion: '3.0-2',
        advisories: [{ source: 'debian-dsa' }, { source: 'debian-tracker' }],
      },
    ]);
  });

  test('two vulnerabilities of one notice stay two', async () => {
    const notice =
      '[29 Mar 2024] DSA-1-1 openssl - update\n\t{CVE-2024-1000 CVE-2024-1002}\n\t[bookworm] - openssl 3.0-2\n';
    expect(await found([notice], installed('deb', 'openssl', '1', { distro: bookworm }))).toHaveLength(2);
  });
});

describe('language ecosystems', () => {
  const branches = [
    { introduced: '4.0' },
    { fixed: '4.3' },
    { introduced: '5.0' },
    { fixed: '5.2' },
    { introduced: '6.0' },
    { last_affected: '6.1' },
  ];

  test.each([
    ['3.9', []],
    ['4.0', ['4.3']],
    ['4.2.9', ['4.3']],
    ['4.3', []],
    ['5.1', ['5.2']],
    ['6.1', ['-']],
    ['6.1.1', []],
  ])('%s is judged by its own branch', async (version, fixes) => {
    const record = osv('GHSA-1', 'npm', 'x', branches, { aliases: ['CVE-2024-1003'] });
    expect(await found([record], installed('npm', 'x', version))).toEqual(
      fixes.map((fix) => `CVE-2024-1003 x ${version} ${fix}`),
    );
  });

  test.each<[string, object, string, boolean | undefined]>([
    ['all later versions are affected', { ranges: [{ introduced: '0' }] }, '1.0', undefined],
    ['a fix is named', { ranges: [{ introduced: '0' }, { fixed: '2.0' }] }, '1.0', undefined],
    [
      'the last affected version is named',
      { ranges: [{ introduced: '0' }, { last_affected: '2.0' }] },
      '1.0',
      true,
    ],
    ['the affected ones are listed', { versions: ['1.0'] }, '1.0', true],
    [
      'they are listed, and no later one is without',
      { versions: ['1.0'], ranges: [{ introduced: '0' }] },
      '1.0',
      undefined,
    ],
  ])(
    'whether there may be a fix that nobody names: %s',
    async (_, { ranges, versions }: { ranges?: object[]; versions?: string[] }, version, expected) => {
      const record = {
        id: 'GHSA-1',
        affected: [
          {
            package: { ecosystem: 'npm', name: 'x' },
            ...(ranges === undefined ? {} : { ranges: [{ type: 'SEMVER', events: ranges }] }),
            ...(versions === undefined ? {} : { versions }),
          },
        ],
      };
      using db = await databaseOf([record], now);
      const { findings } = matchPackages([installed('npm', 'x', version)], db.database);
      expect(findings.map(({ fixUnknown }) => fixUnknown)).toEqual([expected]);
    },
  );

  test('a version that is only listed is affected, however it is spelt', async () => {
    const record = {
      id: 'PYSEC-1',
      affected: [{ package: { ecosystem: 'PyPI', name: 'Some.Package' }, versions: ['1.0'] }],
    };
    expect(await found([record], installed('pypi', 'some_package', '1.0.0'))).toHaveLength(1);
  });

  test('the same vulnerability under two ids that know each other is found once', async () => {
    const events = [{ introduced: '0' }, { fixed: '2.0' }];
    const records = [
      osv('GHSA-1', 'PyPI', 'x', events),
      osv('PYSEC-1', 'PyPI', 'x', events, { aliases: ['GHSA-1'] }),
    ];
    expect(await found(records, installed('pypi', 'x', '1.0'))).toHaveLength(1);
  });

  test('two CVEs stay two, also where their advisories have an alias in common', async () => {
    const events = [{ introduced: '0' }, { fixed: '2.0' }];
    const records = [
      osv('PYSEC-1', 'PyPI', 'x', events, { aliases: ['CVE-2024-0001', 'GHSA-1'] }),
      osv('PYSEC-2', 'PyPI', 'x', events, { aliases: ['CVE-2024-0002', 'GHSA-1'] }),
    ];
    const all = await found(records, installed('pypi', 'x', '1.0'));
    expect(all.map((line) => line.split(' ')[0])).toEqual(['CVE-2024-0001', 'CVE-2024-0002']);
  });

  test('Go versions are compared with and without their prefixes', async () => {
    const record = osv('GO-1', 'Go', 'stdlib', [{ introduced: '0' }, { fixed: '1.22.2' }]);
    expect(await found([record], installed('golang', 'stdlib', 'go1.22.1'))).toHaveLength(1);
    expect(await found([record], installed('golang', 'stdlib', 'v1.22.2'))).toEqual([]);
  });
});

describe('how bad it is', () => {
  const metrics = {
    cvssMetricV31: [
      { type: 'Primary', cvssData: { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } },
    ],
  };
  const nvd = { format: 'NVD_CVE', vulnerabilities: [{ cve: { id: 'CVE-2024-1000', metrics } }] };
  const rated = {
    openssl: {
      'CVE-2024-1000': { releases: { bookworm: { status: 'open', urgency: 'low' } } },
    },
  };
  const kev = {
    catalogVersion: '1',
    vulnerabilities: [
      { cveID: 'CVE-2024-1000', dateAdded: '2024-01-03', knownRansomwareCampaignUse: 'Unknown' },
    ],
  };
  const target = installed('deb', 'openssl', '1', { distro: bookworm });

  test("the distribution's word counts before NVD's, and NVD's before none", async () => {
    using both = await databaseOf([rated, nvd], now);
    expect(matchPackages([target], both.database).findings[0]!.severity).toMatchObject({
      severity: 'low',
      by: 'debian',
      rule: 'vendor',
    });
    using only = await databaseOf([openssl('9'), nvd], now);
    expect(matchPackages([target], only.database).findings[0]!.severity).toMatchObject({
      severity: 'critical',
      by: 'nvd',
      rule: 'nvd',
      score: 9.8,
    });
    using none = await databaseOf([openssl('9')], now);
    expect(matchPackages([target], none.database).findings[0]!.severity).toEqual({
      severity: 'unknown',
      rule: 'none',
    });
  });

  test('known exploitation and EPSS make the risk; without either there is none', async () => {
    const risk = async (...documents: unknown[]) => {
      using db = await databaseOf([openssl('9'), nvd, ...documents], now);
      return matchPackages([target], db.database).findings[0]!.risk;
    };
    expect(await risk()).toBeUndefined();
    expect(await risk('cve,epss,percentile\nCVE-2024-1000,0.5,0.9\n')).toBe(49);
    expect(await risk(kev)).toBe(100);
  });
});
