import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Catalog } from '../packages/catalog.ts';
import type { Package } from '../packages/package.ts';
import { cyclonedxVersions, toCyclonedxSbom } from './cyclonedx.ts';
import type { SbomInput } from './document.ts';
import { isSpdxExpression } from './licenses.ts';
import { readSbom, readSbomDocument } from './read.ts';
import { toSpdxSbom } from './spdx.ts';

const schemas = new URL('../../../../node_modules/@cyclonedx/cyclonedx-library/res/schema/', import.meta.url);
const schema = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.SNAPSHOT.schema.json`, schemas), 'utf8'));
const ajv = new Ajv({ strict: false, validateFormats: true });
addFormats.default(ajv);
ajv.addFormat('iri-reference', true);
ajv.addFormat('idn-email', true);
for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
  ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
const validCyclonedx = Object.fromEntries(
  cyclonedxVersions.map((version) => [version, ajv.compile(schema(`bom-${version}`))] as const),
);

const libc: Package = {
  type: 'deb',
  name: 'libc6',
  version: '2.36-9',
  purl: 'pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc',
  distro: { id: 'debian', versionId: '12' },
  source: { name: 'glibc', version: '2.36-9' },
  licenses: ['GPL-2+', 'MIT'],
  supplier: 'Debian <x@example.com>',
  location: { path: 'var/lib/dpkg/status', layer: `sha256:${'1'.repeat(64)}` },
};
const bash: Package = {
  ...libc,
  name: 'bash',
  purl: 'pkg:deb/debian/bash@5?distro=debian-12',
  version: '5',
  licenses: [],
};
const babel: Package = {
  type: 'npm',
  name: '@babel/core',
  version: '7.0.0',
  purl: 'pkg:npm/%40babel/core@7.0.0',
  licenses: ['(MIT OR Apache-2.0)'],
  checksum: { algorithm: 'SHA-512', value: '2'.repeat(128) },
  location: { path: 'app/node_modules/@babel/core/package.json' },
};

function input(packages: readonly Package[]): SbomInput {
  const catalog: Catalog = {
    distro: { id: 'debian', versionId: '12', prettyName: 'Debian' },
    packages,
    owned: [],
    owners: new Map(),
    dependencies: new Map(packages.includes(bash) ? [[bash, [libc]]] : []),
    skipped: [],
  };
  const subject = { name: 'app:1', digest: `sha256:${'3'.repeat(64)}` as const };
  return { catalog, subject, created: new Date(0), version: '0.1.0' };
}

const all = input([bash, libc, babel]);

describe.each(cyclonedxVersions)('CycloneDX %s', (version) => {
  const valid = validCyclonedx[version]!;

  test('is valid by its schema, with groups, licences, hashes, dependencies and layers', () => {
    const document = toCyclonedxSbom(all, version);
    expect(valid(document) || valid.errors).toBe(true);
    expect(document).toMatchObject({
      specVersion: version,
      metadata: { timestamp: '1970-01-01T00:00:00Z', component: { name: 'app:1' } },
      components: [
        {
          type: 'operating-system',
          name: 'debian',
          version: '12',
          properties: [{ name: 'pratique:endOfLife', value: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) }],
        },
        { name: 'bash' },
        { name: 'libc6', licenses: [{ license: { name: 'GPL-2+' } }, { license: { id: 'MIT' } }] },
        {
          group: '@babel',
          name: 'core',
          licenses: [{ expression: '(MIT OR Apache-2.0)' }],
          hashes: [{ alg: 'SHA-512', content: '2'.repeat(128) }],
        },
      ],
    });
    const { dependencies } = document as { dependencies: { ref: string; dependsOn?: string[] }[] };
    expect(dependencies.find(({ ref }) => ref.includes('/bash@'))?.dependsOn).toEqual([
      expect.stringContaining('/libc6@'),
    ]);
  });

  test('the schema of this test refuses what is not valid', () => {
    expect(valid({ ...(toCyclonedxSbom(all, version) as object), bomFormat: 'Other' })).toBe(false);
  });
});

test('SPDX says the same, every reference leads somewhere, and licences that SPDX does not know are declared', () => {
  const document = toSpdxSbom(all) as {
    packages: { SPDXID: string; licenseDeclared: string; checksums?: unknown }[];
    relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
    hasExtractedLicensingInfos: { licenseId: string }[];
  };
  const ids = new Set(['SPDXRef-DOCUMENT', ...document.packages.map(({ SPDXID }) => SPDXID)]);
  expect(ids.size).toBe(5);
  for (const { spdxElementId, relatedSpdxElement } of document.relationships)
    expect([ids.has(spdxElementId), ids.has(relatedSpdxElement)]).toEqual([true, true]);
  for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
  expect(
    document.relationships.filter(({ relationshipType }) => relationshipType === 'DEPENDS_ON'),
  ).toHaveLength(1);
  expect(document.packages.map(({ licenseDeclared }) => licenseDeclared)).toEqual([
    'NOASSERTION',
    'NOASSERTION',
    'LicenseRef-GPL-2-2b- AND MIT',
    '(MIT OR Apache-2.0)',
  ]);
  expect(document.packages.map(({ checksums }) => checksums)).toEqual([
    undefined,
    undefined,
    undefined,
    [{ algorithm: 'SHA512', checksumValue: '2'.repeat(128) }],
  ]);
  expect(document.hasExtractedLicensingInfos).toMatchObject([{ licenseId: 'LicenseRef-GPL-2-2b-' }]);
});

test('both say of what somebody put there where it came from, and neither takes it for a package of a package manager', () => {
  const brought = [
    { name: 'ca.pem', path: '/etc/ssl/ca.pem', uri: 'file:ca.pem', sha256: '4'.repeat(64) },
    { name: 'app', path: '/app', uri: 'https://example.com/app', sha256: null },
  ];
  const added = { ...all, brought };
  const cyclonedx = toCyclonedxSbom(added);
  expect(validCyclonedx['1.6']!(cyclonedx) || validCyclonedx['1.6']!.errors).toBe(true);
  const spdx = toSpdxSbom(added) as { packages: { SPDXID: string }[]; relationships: object[] };
  const [file, directory] = spdx.packages.slice(-2);
  expect(file).toMatchObject({
    name: 'ca.pem',
    downloadLocation: 'NOASSERTION',
    checksums: [{ algorithm: 'SHA256', checksumValue: '4'.repeat(64) }],
    sourceInfo: 'put at /etc/ssl/ca.pem, from file:ca.pem',
  });
  expect(directory).toMatchObject({ name: 'app', downloadLocation: 'https://example.com/app' });
  for (const { SPDXID } of [file!, directory!])
    expect(spdx.relationships).toContainEqual({
      spdxElementId: 'SPDXRef-Image',
      relationshipType: 'CONTAINS',
      relatedSpdxElement: SPDXID,
    });
  for (const document of [cyclonedx, spdx])
    expect(readSbomDocument(document)).toMatchObject({ packages: { length: 3 }, unidentified: [] });
});

test('both are read back as the packages they were written from', () => {
  for (const document of [toCyclonedxSbom(all), toSpdxSbom(all)]) {
    const { packages, distro } = readSbom(new TextEncoder().encode(JSON.stringify(document)));
    expect(packages.map(({ name, version, purl }) => [name, version, purl])).toEqual(
      all.catalog.packages.map(({ name, version, purl }) => [name, version, purl]),
    );
    expect(packages.map(({ licenses }) => licenses.map((text) => text.replace(/^\((.*)\)$/, '$1')))).toEqual([
      [],
      ['GPL-2+', 'MIT'],
      ['MIT OR Apache-2.0'],
    ]);
    expect(packages[1]?.source).toEqual(libc.source);
    expect(distro).toMatchObject({ id: 'debian', versionId: '12' });
  }
});

test('whatever packages call themselves and their licences, CycloneDX stays valid and SPDX identifiers well-formed', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 3 }), (name, version, licenses) => {
      const one = { ...babel, name, version, licenses, purl: `pkg:npm/${encodeURIComponent(name)}` };
      for (const [specVersion, valid] of Object.entries(validCyclonedx)) {
        const written = toCyclonedxSbom(input([one]), specVersion as (typeof cyclonedxVersions)[number]);
        expect(valid(JSON.parse(JSON.stringify(written))) || valid.errors).toBe(true);
      }
      for (const { SPDXID, licenseDeclared } of (
        toSpdxSbom(input([one])) as {
          packages: { SPDXID: string; licenseDeclared: string }[];
        }
      ).packages) {
        expect(SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
        expect(licenseDeclared).toMatch(/^[A-Za-z0-9.() -]+$/);
      }
    }),
  );
});

test.each([
  ['MIT', true],
  ['MIT OR (Apache-2.0 AND ISC)', true],
  ['MIT OR', false],
  ['(MIT', false],
  ['MIT (ISC)', false],
  ['MIT AND Nonsense', false],
  ['', false],
])('%j is an SPDX expression: %s', (text, expected) => {
  expect(isSpdxExpression(text)).toBe(expected);
});

test('the module of an rpm is written, and read again', () => {
  const one: Package = {
    type: 'rpm',
    name: 'nodejs',
    version: '18-1',
    purl: 'pkg:rpm/redhat/nodejs@18-1',
    modularityLabel: 'nodejs:18:1:el8',
    licenses: [],
    location: { path: 'var/lib/rpm/rpmdb.sqlite' },
  };
  const none = { distro: undefined, owned: [], owners: new Map(), dependencies: new Map(), skipped: [] };
  const catalog: Catalog = { ...none, packages: [one] };
  const subject = { name: 'a', digest: undefined };
  const document = toCyclonedxSbom({ catalog, subject, created: new Date(0), version: '1' });
  expect(readSbomDocument(document).packages[0]?.modularityLabel).toBe('nodejs:18:1:el8');
});
