import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePurl } from '../packages/parse-purl.ts';
import { readSbom, readSbomDocument } from './read.ts';

const read = (value: unknown) => readSbom(new TextEncoder().encode(JSON.stringify(value)));

test('CycloneDX: distribution, source package of Syft’s and of Trivy’s making, nested components', () => {
  const contents = read({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'app:1' } },
    components: [
      { type: 'operating-system', name: 'Debian', version: '12' },
      {
        type: 'library',
        name: 'libssl3',
        purl: 'pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&upstream=openssl%403.0.11-1',
      },
      {
        type: 'library',
        name: 'perl-base',
        purl: 'pkg:deb/debian/perl-base@5.36.0-7?arch=amd64&distro=debian-12.1',
        properties: [
          { name: 'aquasecurity:trivy:SrcName', value: 'perl' },
          { name: 'aquasecurity:trivy:SrcEpoch', value: '1' },
          { name: 'aquasecurity:trivy:SrcVersion', value: '5.36.0' },
          { name: 'aquasecurity:trivy:SrcRelease', value: '7' },
        ],
        components: [{ type: 'library', name: '@babel/core', purl: 'pkg:npm/%40babel/core@7.0.0' }],
      },
      { type: 'library', name: 'mystery', version: '1' },
    ],
  });
  expect(contents).toMatchObject({ name: 'app:1', distro: { id: 'debian', versionId: '12' } });
  expect(contents.unidentified).toHaveLength(1);
  expect(contents.packages).toMatchObject([
    {
      type: 'deb',
      name: 'libssl3',
      version: '3.0.11-1',
      architecture: 'amd64',
      source: { name: 'openssl', version: '3.0.11-1' },
      distro: { id: 'debian', versionId: '12' },
    },
    { name: 'perl-base', source: { name: 'perl', version: '1:5.36.0-7' }, distro: { versionId: '12.1' } },
    { type: 'npm', name: '@babel/core', version: '7.0.0', distro: undefined },
  ]);
});

test('SPDX: package URLs of external references; epoch and source of RPMs', () => {
  const purl =
    'pkg:rpm/rocky/bash@5.1.8-9.el9?arch=x86_64&epoch=1&upstream=bash-5.1.8-9.el9.src.rpm&distro=rocky-9.3';
  const contents = read({
    spdxVersion: 'SPDX-2.3',
    name: 'app',
    packages: [
      { name: 'bash', versionInfo: '5', externalRefs: [{ referenceType: 'purl', referenceLocator: purl }] },
      { name: 'app' },
    ],
  });
  expect(contents).toMatchObject({
    format: 'spdx',
    unidentified: { length: 1 },
    packages: [
      {
        version: '1:5.1.8-9.el9',
        source: { name: 'bash', version: '1:5.1.8-9.el9' },
        distro: { id: 'rocky', versionId: '9.3' },
      },
    ],
  });
});

test.each([{}, [], null, { bomFormat: 'CycloneDX', components: [1] }, { spdxVersion: 'SPDX-3.0' }])(
  '%j is refused',
  (value) => {
    expect(() => read(value)).toThrow(/bill of materials cannot be read/);
  },
);

test('components nested without end are refused', () => {
  let nested: unknown = { name: 'x' };
  for (let i = 0; i < 40; i++) nested = { name: 'x', components: [nested] };
  expect(() => read({ bomFormat: 'CycloneDX', components: [nested] })).toThrow(/nested more than/);
});

test('names, namespaces and versions come back as they went in', () => {
  const part = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !['.', '..'].includes(text));
  fc.assert(
    fc.property(part, part, part, (namespace, name, version) => {
      const text = `pkg:npm/${[namespace, name].map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}?a=${encodeURIComponent(version)}`;
      expect(parsePurl(text)).toMatchObject({
        type: 'npm',
        namespace,
        name,
        version,
        qualifiers: new Map([['a', version]]),
      });
    }),
  );
  expect(parsePurl('pkg:npm/@babel/core@7.0.0')).toMatchObject({
    namespace: '@babel',
    name: 'core',
    version: '7.0.0',
  });
});

test('any text is a package URL or none, and never more', () => {
  fc.assert(fc.property(fc.string(), (text) => void parsePurl(`pkg:${text}`)));
});

test('licences and suppliers, of both formats', () => {
  const cyclonedx = read({
    bomFormat: 'CycloneDX',
    components: [
      {
        name: 'a',
        purl: 'pkg:npm/a@1',
        licenses: [{ license: { id: 'MIT' } }, { license: { name: 'Beer' } }],
        supplier: { name: 'Acme' },
      },
      { name: 'b', purl: 'pkg:npm/b@1', licenses: [{ expression: 'MIT OR ISC' }], publisher: 'Bob' },
      { name: 'c', purl: 'pkg:npm/c@1', licenses: [{ license: { name: 'x'.repeat(100_000) } }] },
    ],
  });
  expect(cyclonedx.packages.slice(0, 2)).toMatchObject([
    { licenses: ['MIT', 'Beer'], supplier: 'Acme' },
    { licenses: ['MIT OR ISC'], supplier: 'Bob' },
  ]);
  expect(cyclonedx.packages[2]?.licenses[0]).toHaveLength(4096);

  const refs = (name: string) => [{ referenceType: 'purl', referenceLocator: `pkg:npm/${name}@1` }];
  const spdx = read({
    spdxVersion: 'SPDX-2.3',
    packages: [
      {
        name: 'a',
        supplier: 'Organization: Acme',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'MIT AND LicenseRef-beer',
        externalRefs: refs('a'),
      },
      { name: 'b', supplier: 'NOASSERTION', licenseConcluded: 'NONE', externalRefs: refs('b') },
    ],
    hasExtractedLicensingInfos: [{ licenseId: 'LicenseRef-beer', name: 'Beer' }],
  });
  expect(spdx.packages).toMatchObject([
    { licenses: ['MIT', 'Beer'], supplier: 'Acme' },
    { licenses: [], supplier: undefined },
  ]);
});

test.each([
  ['MIT AND (ISC OR Zlib)', ['MIT', 'ISC OR Zlib']],
  ['MIT AND ISC OR Zlib', ['MIT AND ISC OR Zlib']],
  ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0']],
  ['(MIT OR ISC)', ['MIT OR ISC']],
])('of %j, a policy sees each licence that counts beside the others', (licenseDeclared, licenses) => {
  const one = {
    name: 'a',
    licenseDeclared,
    externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/a@1' }],
  };
  const { packages } = readSbomDocument({ spdxVersion: 'SPDX-2.3', packages: [one] });
  expect(packages[0]?.licenses).toEqual(licenses);
});

test('an image, its system and files are no packages of which nothing is known', () => {
  const packages = ['CONTAINER', 'OPERATING-SYSTEM', 'FILE', 'LIBRARY'].map((primaryPackagePurpose) => ({
    name: 'x',
    primaryPackagePurpose,
  }));
  expect(readSbomDocument({ spdxVersion: 'SPDX-2.3', packages }).unidentified).toHaveLength(1);
});

test.each([
  'pratique:modularityLabel',
  'aquasecurity:trivy:Modularitylabel',
  'syft:metadata:modularityLabel',
])('the module of an rpm is read from %s', (name) => {
  const properties = [{ name, value: 'nodejs:18:1:el8' }];
  const one = { name: 'nodejs', purl: 'pkg:rpm/redhat/nodejs@18-1', properties };
  const { packages } = readSbomDocument({ bomFormat: 'CycloneDX', components: [one] });
  expect(packages[0]?.modularityLabel).toBe('nodejs:18:1:el8');
});
