import { describe, expect, test } from 'vitest';
import type { Package } from '../packages/package.ts';
import { databaseOf, installed, osv } from '../testing/database.ts';
import { type ScanReport, scan } from '../vulnerabilities/scan.ts';
import { fromVers } from './formats/vers.ts';

const now = new Date('2026-01-02T03:04:05Z');

async function scanned(documents: readonly unknown[], ...packages: readonly Package[]): Promise<ScanReport> {
  using db = await databaseOf(documents, now);
  const subject = { kind: 'image' as const, name: 'app', digest: null, packages };
  return scan(subject, db.database, { ignore: [], vex: [], onlyFixed: false, now, version: '0.0.0' });
}

const found = ({ findings }: ScanReport) =>
  findings.map((one) => [one.vulnerability, one.package.name, one.fixedVersion ?? '-'].join(' '));

const rpm = (name: string, version: string, more: { distro?: Package['distro']; source?: string } = {}) => {
  const { distro = { id: 'rhel', versionId: '9.4' }, source } = more;
  return installed('rpm', name, version, {
    distro,
    purl: `pkg:rpm/${distro.id}/${name}@${version}?arch=x86_64&distro=${distro.id}-${distro.versionId}`,
    ...(source === undefined ? {} : { source: { name: source, version } }),
  });
};

/** A document in the form of Red Hat's: products with CPEs, packages with URLs, and one a component of the other. */
function redHat(
  id: string,
  platforms: Record<string, string>,
  vulnerability: object,
  packages: Record<string, string>,
) {
  return {
    document: {
      category: 'csaf_security_advisory',
      csaf_version: '2.0',
      publisher: { category: 'vendor', name: 'Red Hat Product Security' },
      title: 'openssh security update',
      tracking: {
        id,
        initial_release_date: '2024-07-03T00:00:00Z',
        current_release_date: '2024-07-04T00:00:00Z',
      },
    },
    product_tree: {
      branches: [
        {
          category: 'vendor',
          name: 'Red Hat',
          branches: [
            ...Object.entries(platforms).map(([product_id, cpe]) => ({
              category: 'product_name',
              product: { product_id, product_identification_helper: { cpe } },
            })),
            ...Object.entries(packages).map(([product_id, purl]) => ({
              category: 'architecture',
              branches: [
                {
                  category: 'product_version',
                  product: { product_id, product_identification_helper: { purl } },
                },
              ],
            })),
          ],
        },
      ],
      relationships: Object.keys(platforms).flatMap((platform) =>
        Object.keys(packages).map((name) => ({
          category: 'default_component_of',
          full_product_name: { product_id: `${platform}:${name}` },
          product_reference: name,
          relates_to_product_reference: platform,
        })),
      ),
    },
    vulnerabilities: [vulnerability],
  };
}

const baseos = { 'BaseOS-9': 'cpe:/o:redhat:enterprise_linux:9::baseos' };
const packages = {
  'openssh-0:8.7p1-38.el9_4.1.x86_64': 'pkg:rpm/redhat/openssh@8.7p1-38.el9_4.1?arch=x86_64',
  'openssl-1:3.0.7-27.el9.src': 'pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1',
};
const [openssh, openssl] = Object.keys(packages) as [string, string];
const advisory = redHat(
  'RHSA-2024:4312',
  baseos,
  {
    cve: 'CVE-2024-6387',
    title: 'regreSSHion',
    product_status: { fixed: [`BaseOS-9:${openssh}`, `BaseOS-9:${openssl}`] },
    threats: [{ category: 'impact', details: 'Important' }],
    scores: [{ cvss_v3: { baseScore: 8.1, vectorString: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H' } }],
    remediations: [{ category: 'vendor_fix', url: 'https://access.redhat.com/errata/RHSA-2024:4312' }],
  },
  packages,
);

describe('CSAF security advisories', () => {
  test('older packages of the release are affected, by their own name or their source package, epochs counted', async () => {
    const report = await scanned(
      [advisory],
      rpm('openssh', '8.7p1-38.el9'),
      rpm('openssl-libs', '1:3.0.7-24.el9', { source: 'openssl' }),
    );
    expect(found(report).sort()).toEqual([
      'CVE-2024-6387 openssh 8.7p1-38.el9_4.1',
      'CVE-2024-6387 openssl-libs 1:3.0.7-27.el9',
    ]);
    expect(report.findings[0]).toMatchObject({
      url: 'https://access.redhat.com/errata/RHSA-2024:4312',
      title: 'regreSSHion',
      severity: { severity: 'high', by: 'red hat', rule: 'vendor', score: 8.1 },
      advisories: [{ id: 'RHSA-2024:4312', source: 'csaf:red hat product security' }],
    });
    expect(report.uncovered).toEqual([]);
  });

  test.each([
    ['the fixed version', rpm('openssh', '8.7p1-38.el9_4.1')],
    ['a newer one', rpm('openssh', '8.7p1-40.el9')],
    ['another release', rpm('openssh', '8.0p1-1.el8', { distro: { id: 'rhel', versionId: '8.10' } })],
    ['another package', rpm('openssh-server-extras', '1-1')],
  ])('%s is not affected', async (_, one) => {
    expect(found(await scanned([advisory], one))).toEqual([]);
  });

  test('a fix of extended support, or of another product with packages of its own, says nothing of the release', async () => {
    const platforms = {
      EUS: 'cpe:/o:redhat:rhel_eus:9.2::baseos',
      OpenShift: 'cpe:/a:redhat:openshift:4.16::el9',
    };
    const fixed = Object.keys(platforms).map((platform) => `${platform}:${openssh}`);
    const other = redHat(
      'RHSA-2024:4389',
      platforms,
      { cve: 'CVE-2024-6387', product_status: { fixed } },
      packages,
    );
    const report = await scanned([other, osv('X', 'npm', 'one', [])], rpm('openssh', '8.7p1-1.el9'));
    expect(found(report)).toEqual([]);
    expect(report.uncovered).toHaveLength(1);
  });

  test('a module and the package outside of it have lines of their own', async () => {
    const name = 'nodejs-1:18.20.2-1.module+el9.4.0+21731+46b5b8a7.x86_64';
    const purl = 'pkg:rpm/redhat/nodejs@18.20.2-1.module%2Bel9.4.0%2B21731%2B46b5b8a7?arch=x86_64&epoch=1';
    const module = redHat(
      'RHSA-2024:2779',
      baseos,
      { cve: 'CVE-2024-27982', product_status: { fixed: [`BaseOS-9:${name}`] } },
      { [name]: purl },
    );
    const inModule = rpm('nodejs', '1:18.19.0-1.module+el9.3.0+1+1');
    expect(found(await scanned([module], inModule))).toHaveLength(1);
    expect(found(await scanned([module], rpm('nodejs', '1:16.20.2-4.el9')))).toEqual([]);
  });

  test.each([
    ['SUSE Linux Enterprise Server 15 SP6', 'cpe:/o:suse:sles:15:sp6', '15.6', '15.5'],
    ['SUSE Linux Enterprise Server 16.1', 'cpe:/o:suse:sles:16:16.1:server', '16.1', '16.0'],
  ])(
    '%s: packages without URLs, by the name of their file; each is a release',
    async (platform, cpe, its, other) => {
      const name = 'glibc-2.38-150600.14.1.x86_64';
      const platforms = { [platform]: cpe };
      const document = redHat(
        'SUSE-SU-2024:1895-1',
        platforms,
        { cve: 'CVE-2024-33599', product_status: { recommended: [`${Object.keys(platforms)[0]}:${name}`] } },
        {},
      );
      document.product_tree.relationships.push({
        category: 'default_component_of',
        full_product_name: { product_id: `${Object.keys(platforms)[0]}:${name}` },
        product_reference: name,
        relates_to_product_reference: Object.keys(platforms)[0]!,
      });
      const at = (versionId: string) => ({ distro: { id: 'sles', versionId } });
      expect(found(await scanned([document], rpm('glibc', '2.38-150600.12.1', at(its))))).toEqual([
        'CVE-2024-33599 glibc 2.38-150600.14.1',
      ]);
      expect(found(await scanned([document], rpm('glibc', '2.38-150600.12.1', at(other))))).toEqual([]);
    },
  );

  test('language packages: listed versions and ranges, and nothing is said of the rest of the ecosystem', async () => {
    const document = {
      document: { csaf_version: '2.0', publisher: { name: 'Example' }, tracking: { id: 'EX-1' } },
      product_tree: {
        branches: [
          {
            category: 'product_version_range',
            name: 'vers:npm/>=1.0.0|<1.4.0',
            product: { product_id: 'range', product_identification_helper: { purl: 'pkg:npm/%40acme/one' } },
          },
          {
            category: 'product_version',
            name: '2.0.0',
            product: { product_id: 'two', product_identification_helper: { purl: 'pkg:npm/two@2.0.0' } },
          },
        ],
      },
      vulnerabilities: [{ cve: 'CVE-2024-1000', product_status: { known_affected: ['range', 'two'] } }],
    };
    const all = ['1.0.0', '1.4.0', '0.9.0'].map((version) =>
      installed('npm', '@acme/one', version, { purl: `pkg:npm/%40acme/one@${version}` }),
    );
    const report = await scanned(
      [document],
      ...all,
      installed('npm', 'two', '2.0.0'),
      installed('npm', 'two', '2.0.1'),
    );
    expect(report.findings.map((one) => `${one.package.name} ${one.package.version}`)).toEqual([
      '@acme/one 1.0.0',
      'two 2.0.0',
    ]);
    expect(report.uncovered).toEqual([{ type: 'npm', distro: '', packages: 5 }]);
  });

  test('a newer version of a document replaces it', async () => {
    const narrowed = structuredClone(advisory);
    narrowed.vulnerabilities = [{ cve: 'CVE-2024-6387', product_status: { fixed: [`BaseOS-9:${openssl}`] } }];
    expect(found(await scanned([advisory, narrowed], rpm('openssh', '8.7p1-38.el9')))).toEqual([]);
  });

  test.each([
    ['without an id', { document: { csaf_version: '2.0' } }],
    ['of another version', { document: { csaf_version: '1.2', tracking: { id: 'x' } } }],
    ['with branches without end', { ...advisory, product_tree: { branches: nested(100) } }],
    [
      'with a range that is none',
      {
        ...advisory,
        product_tree: {
          branches: [
            {
              category: 'product_version_range',
              name: 'vers:npm',
              product: { product_id: 'BaseOS-9:x', product_identification_helper: { purl: 'pkg:npm/x' } },
            },
          ],
        },
        vulnerabilities: [{ cve: 'CVE-2024-1', product_status: { known_affected: ['BaseOS-9:x'] } }],
      },
    ],
  ])('one %s is refused', async (_, document) => {
    await expect(databaseOf([document], now)).rejects.toMatchObject({ code: 'ADVISORIES_INVALID' });
  });
});

function nested(depth: number): object[] {
  return depth === 0 ? [] : [{ branches: nested(depth - 1) }];
}

describe('VEX in the database', () => {
  const affected = osv(
    'RHSA-2024:1',
    'Red Hat:enterprise_linux:9::baseos',
    'openssl',
    [{ introduced: '0' }],
    {
      upstream: ['CVE-2024-0001'],
    },
  );
  const says = (platform: string, purl = 'pkg:rpm/redhat/openssl?arch=src') =>
    redHat(
      'CVE-2024-0001',
      { platform },
      {
        cve: 'CVE-2024-0001',
        product_status: { known_not_affected: ['platform:openssl'] },
        flags: [{ label: 'vulnerable_code_not_present', product_ids: ['platform:openssl'] }],
      },
      { openssl: purl },
    );
  const libs = rpm('openssl-libs', '1:3.0.7-24.el9', { source: 'openssl' });

  test('CSAF: what a release is not affected by is suppressed in it, also for what was built from the source', async () => {
    const report = await scanned([affected, says('cpe:/o:redhat:enterprise_linux:9')], libs);
    expect(found(report)).toEqual([]);
    expect(report.suppressed[0]!.suppressed).toEqual({
      by: 'vex',
      status: 'not_affected',
      reason: 'vulnerable_code_not_present',
    });
  });

  test.each([
    ['another release', says('cpe:/o:redhat:enterprise_linux:8')],
    ['another product', says('cpe:/a:redhat:openshift:4')],
    ['another source package', says('cpe:/o:redhat:enterprise_linux:9', 'pkg:rpm/redhat/openssh?arch=src')],
    [
      'another version',
      says('cpe:/o:redhat:enterprise_linux:9', 'pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=src&epoch=1'),
    ],
    ['another distribution', says('cpe:/o:redhat:enterprise_linux:9', 'pkg:rpm/fedora/openssl?arch=src')],
  ])('CSAF: what is said of %s hides nothing', async (_, document) => {
    expect(found(await scanned([affected, document], libs))).toHaveLength(1);
  });

  const openVex = (status: string, products: readonly unknown[], id = 'https://example.com/vex/1') => ({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': id,
    author: 'Example',
    statements: [
      { vulnerability: { name: 'CVE-2024-1000' }, products, status, justification: 'component_not_present' },
    ],
  });
  const npm = osv('GHSA-1', 'npm', 'one', [{ introduced: '0' }], { aliases: ['CVE-2024-1000'] });
  const one = installed('npm', 'one', '1.0.0');

  test('OpenVEX: statements about a package hold for every scan; of two documents the one imported last', async () => {
    const not = openVex('not_affected', [{ '@id': 'pkg:npm/one' }]);
    expect(found(await scanned([npm, not], one))).toEqual([]);
    const anew = openVex('affected', [{ '@id': 'pkg:npm/one' }], 'https://example.com/vex/2');
    expect(found(await scanned([npm, not, anew], one))).toHaveLength(1);
  });

  test('OpenVEX: a statement about a package inside of one image hides nothing in others', async () => {
    const inside = openVex('not_affected', [
      { '@id': 'pkg:oci/app', subcomponents: [{ '@id': 'pkg:npm/one' }] },
    ]);
    expect(found(await scanned([npm, inside], one))).toHaveLength(1);
  });

  test('OpenVEX: what is affected is a finding, and covers nothing else', async () => {
    const report = await scanned(
      [openVex('affected', ['pkg:npm/one@1.0.0'])],
      one,
      installed('npm', 'one', '1.0.1'),
    );
    expect(found(report)).toEqual(['CVE-2024-1000 one -']);
    expect(report.uncovered).toEqual([{ type: 'npm', distro: '', packages: 2 }]);
  });

  test('OpenVEX without a name is refused: it could never be replaced', async () => {
    const { '@id': _, ...nameless } = openVex('not_affected', ['pkg:npm/one']);
    await expect(databaseOf([nameless], now)).rejects.toMatchObject({ code: 'ADVISORIES_INVALID' });
  });
});

describe('OSV ecosystems of distributions', () => {
  test.each<[ecosystem: string, type: 'rpm' | 'apk' | 'deb', distro: Package['distro']]>([
    ['Red Hat:enterprise_linux:9::appstream', 'rpm', { id: 'rhel', versionId: '9.4' }],
    ['Red Hat:enterprise_linux:10.0', 'rpm', { id: 'rhel', versionId: '10.1' }],
    [
      'Red Hat:enterprise_linux:7::server',
      'rpm',
      { id: 'centos', versionId: '7', prettyName: 'CentOS Linux 7 (Core)' },
    ],
    ['AlmaLinux:9', 'rpm', { id: 'almalinux', versionId: '9.4' }],
    ['Rocky Linux:9', 'rpm', { id: 'rocky', versionId: '9.3' }],
    ['openSUSE:Leap 15.6', 'rpm', { id: 'opensuse-leap', versionId: '15.6' }],
    ['openSUSE:Tumbleweed', 'rpm', { id: 'opensuse-tumbleweed', versionId: '20261101' }],
    ['SUSE:Linux Enterprise Server 15 SP6', 'rpm', { id: 'sles', versionId: '15.6' }],
    ['SUSE:Linux Enterprise Module for Basesystem 15 SP6', 'rpm', { id: 'sles', versionId: '15.6' }],
    ['SUSE:Linux Enterprise Server 15', 'rpm', { id: 'sles', versionId: '15' }],
    ['SUSE:Linux Enterprise Server 16.0', 'rpm', { id: 'sles', versionId: '16.0' }],
    ['Red Hat:enterprise_linux:8::baseos', 'rpm', { id: 'rhel', versionId: '8.10' }],
    ['AlmaLinux:8', 'rpm', { id: 'almalinux', versionId: '8.10' }],
    ['Rocky Linux:8', 'rpm', { id: 'rocky', versionId: '8.10' }],
    ['openSUSE:Leap 16.0', 'rpm', { id: 'opensuse-leap', versionId: '16.0' }],
    ['Mageia:9', 'rpm', { id: 'mageia', versionId: '9' }],
    ['Photon OS:5.0', 'rpm', { id: 'photon', versionId: '5.0' }],
    ['Azure Linux:3', 'rpm', { id: 'azurelinux', versionId: '3.0' }],
    ['Azure Linux:2', 'rpm', { id: 'mariner', versionId: '2.0' }],
    ['Alpaquita:23', 'apk', { id: 'alpaquita', versionId: '23' }],
    ['Wolfi', 'apk', { id: 'wolfi', versionId: '20230201' }],
    ['Chainguard', 'apk', { id: 'chainguard', versionId: '20230214' }],
    ['Echo', 'deb', { id: 'echo' }],
  ])('%s is found in images of it', async (ecosystem, type, distro) => {
    const record = osv('X-1', ecosystem, 'one', [{ introduced: '0' }, { fixed: '2-1' }], {
      upstream: ['CVE-2024-1'],
    });
    const report = await scanned([record], installed(type, 'one', '1-1', { distro }));
    expect(report.findings).toHaveLength(1);
    expect(report.uncovered).toEqual([]);
  });

  test.each<[ecosystem: string, distro: Package['distro']]>([
    ['Red Hat:rhel_eus:9.4::baseos', { id: 'rhel', versionId: '9.4' }],
    ['Red Hat:enterprise_linux:8::baseos', { id: 'rhel', versionId: '9.4' }],
    ['Red Hat:enterprise_linux:9::baseos', { id: 'centos', versionId: '9', prettyName: 'CentOS Stream 9' }],
    ['SUSE:Linux Enterprise Server 15 SP6-LTSS', { id: 'sles', versionId: '15.6' }],
    ['SUSE:Linux Enterprise Server 15', { id: 'sles', versionId: '15.6' }],
    ['openSUSE:Leap 15.5', { id: 'opensuse-leap', versionId: '15.6' }],
  ])('%s says nothing of %j', async (ecosystem, distro) => {
    const record = osv('X-1', ecosystem, 'one', [{ introduced: '0' }]);
    const report = await scanned([record], installed('rpm', 'one', '1-1', { distro }));
    expect(report.findings).toEqual([]);
    expect(report.uncovered).toHaveLength(1);
  });
});

test.each([
  ['vers:npm/*', [{}], []],
  ['vers:npm/1.0.0|1.2.0', [], ['1.0.0', '1.2.0']],
  ['vers:npm/<1.0.0', [{ fixed: '1.0.0' }], []],
  [
    'vers:npm/>=2.0.0|<2.1.0|>=1.0.0|<=1.5.0',
    [
      { introduced: '1.0.0', lastAffected: '1.5.0' },
      { introduced: '2.0.0', fixed: '2.1.0' },
    ],
    [],
  ],
  ['vers:npm/>=3.0.0', [{ introduced: '3.0.0' }], []],
])('%s', (text, ranges, versions) => {
  expect(fromVers(text, 'npm')).toEqual({ ranges, versions });
});
