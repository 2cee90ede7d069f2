import { formatPublicKey, generateSigningKey } from '@pratique/crypto';
import { buildImageManifest, createRegistryClient, describeBytes, parseReference } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { attestImage, keySigner, signImage } from '@pratique/sigstore';
import { afterAll, expect, test } from 'vitest';
import { testResultType } from '../facts/checks.ts';
import { parseTrust } from '../trust/parse.ts';
import { createGate } from './gate.ts';

// Policies about what is in an image, by attestations that were really made.
const registry = await startRegistry({ listen: '127.0.0.1:0' });
const client = createRegistryClient({ environment: {} });
afterAll(async () => {
  client.close();
  await registry.close();
});

const team = generateSigningKey();
const stranger = generateSigningKey();
const today = Date.parse('2026-06-01T12:00:00Z');

const types = {
  sbom: 'https://cyclonedx.org/bom',
  scan: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  provenance: 'https://slsa.dev/provenance/v1',
  checks: testResultType,
};

const good = {
  sbom: { bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ name: 'a', purl: 'pkg:npm/a@1.5.0' }] },
  scan: {
    scanner: {
      uri: 'trivy',
      result: {
        SchemaVersion: 2,
        Results: [
          {
            Vulnerabilities: [
              {
                VulnerabilityID: 'CVE-2026-0001',
                PkgName: 'a',
                InstalledVersion: '1.5.0',
                FixedVersion: '1.6.0',
                Severity: 'CRITICAL',
                PublishedDate: '2026-05-01T00:00:00Z',
              },
            ],
          },
        ],
      },
    },
    metadata: { scanFinishedOn: '2026-05-31T00:00:00Z' },
  },
  provenance: { buildDefinition: {}, runDetails: { builder: { id: 'ci' } } },
  checks: { result: 'PASSED', configuration: [], passedTests: ['starts'] },
};

async function push(name: string, attested: Partial<Record<keyof typeof types, unknown>>, by = team) {
  const repository = client.repository(parseReference(`${registry.address}/${name}`));
  const config = new TextEncoder().encode(JSON.stringify({ os: 'linux', architecture: 'amd64', name }));
  const descriptor = describeBytes(config, 'application/vnd.oci.image.config.v1+json');
  await repository.putBlob(descriptor, config);
  const built = buildImageManifest({ config: descriptor, layers: [] });
  const subject = await repository.putManifest(built.bytes, built.descriptor.mediaType, { tag: '1' });
  await signImage(repository, subject, keySigner(team));
  for (const [kind, predicate] of Object.entries(attested))
    await attestImage(repository, subject, keySigner(by), {
      predicateType: types[kind as keyof typeof types],
      predicate,
    });
}

async function attest(name: string, kind: keyof typeof types, predicate: unknown) {
  const repository = client.repository(parseReference(`${registry.address}/${name}`));
  const subject = await repository.resolve('1');
  await attestImage(repository, subject, keySigner(team), { predicateType: types[kind], predicate });
}

async function decide(name: string, parameters: string) {
  const trust = parseTrust(
    `apiVersion: pratique.dev/v1
kind: Trust
authorities: { team: { keyFile: team.pub } }
images: [{ match: "127.0.0.1:*/**", require: { any: [team] } }]
parameters: ${parameters}`,
    'trust.yaml',
    { resolve: (path) => path, read: () => new TextEncoder().encode(formatPublicKey(team.publicKey)) },
  );
  const gate = createGate({
    trust,
    clock: () => today,
    openRepository: (reference) => client.repository(reference),
  });
  const { denials, warnings } = await gate.checkImage(`${registry.address}/${name}:1`);
  return {
    denials: denials.map(({ code }) => code).sort(),
    warnings: warnings.map(({ code }) => code).sort(),
  };
}

await push('bare', {});
await push('full', good);
await push('strangers', good, stranger);
await push('broken', { sbom: { Data: 'SPDX' }, scan: { scanner: { result: 'clean, I promise' } } });

const everything = '{ require: [sbom, provenance, scan, checks] }';
const noOld = '{ vulnerabilities: { fixOlderThanDays: { critical: 7 } } }';
const required = ['CHECKS_REQUIRED', 'PROVENANCE_REQUIRED', 'SBOM_REQUIRED', 'SCAN_REQUIRED'];

test.each<[string, string, string, string[]]>([
  ['everything is attested', 'full', everything, []],
  ['nothing is attested', 'bare', everything, required],
  ['somebody else attested it', 'strangers', everything, required],
  [
    'what is attested cannot be read',
    'broken',
    '{ require: [sbom, scan] }',
    ['SBOM_UNREADABLE', 'SCAN_UNREADABLE'],
  ],
  ['an old critical vulnerability with a fix', 'full', noOld, ['VULNERABILITY_FIXABLE']],
  ['it is not old enough', 'full', '{ vulnerabilities: { fixOlderThanDays: { critical: 60 } } }', []],
  ['no scan is not a clean one', 'bare', noOld, ['SCAN_REQUIRED']],
  ['a stranger’s scan is none', 'strangers', noOld, ['SCAN_REQUIRED']],
  ['a scan that cannot be read is not clean', 'broken', noOld, ['SCAN_UNREADABLE']],
  [
    'a scan that does not know what is exploited',
    'full',
    '{ vulnerabilities: { refuseExploited: true } }',
    ['EXPLOITATION_UNKNOWN'],
  ],
  [
    'a licence that nobody says',
    'full',
    '{ packages: { deny: [{ license: AGPL-* }] } }',
    ['PACKAGE_UNKNOWN'],
  ],
  ['a scan of long ago', 'full', '{ vulnerabilities: { scanOlderThanDays: 0 } }', ['SCAN_TOO_OLD']],
  [
    'a scan that does not say how old its database is',
    'full',
    '{ vulnerabilities: { databaseOlderThanDays: 36500 } }',
    ['SCAN_DATABASE_TOO_OLD'],
  ],
  [
    'no scan has no database',
    'bare',
    '{ vulnerabilities: { databaseOlderThanDays: 36500 } }',
    ['SCAN_REQUIRED'],
  ],
  [
    'a denied package',
    'full',
    '{ packages: { deny: [{ type: npm, name: a, version: "<2" }] } }',
    ['PACKAGE_DENIED'],
  ],
  ['another version of it', 'full', '{ packages: { deny: [{ type: npm, name: a, version: "<1.5" }] } }', []],
  ['a package nobody allows', 'full', '{ packages: { allow: [{ name: b }] } }', ['PACKAGE_NOT_ALLOWED']],
  ['no list is not an empty one', 'bare', '{ packages: { deny: [{ name: a }] } }', ['SBOM_REQUIRED']],
  [
    'a list that cannot be read is not empty',
    'broken',
    '{ packages: { deny: [{ name: a }] } }',
    ['SBOM_UNREADABLE'],
  ],
])('%s', async (_, name, parameters, codes) => {
  expect((await decide(name, parameters)).denials).toEqual(codes);
});

test('an exception lets pass until it expires', async () => {
  const excepted = (expires: string) =>
    `{ vulnerabilities: { fixOlderThanDays: { critical: 7 } }, exceptions: [{ match: "127.0.0.1:*/full", vulnerability: CVE-2026-0001, reason: r, owner: o, expires: "${expires}" }] }`;
  expect(await decide('full', excepted('2026-06-01'))).toEqual({ denials: [], warnings: ['EXCEPTION_USED'] });
  expect(await decide('full', excepted('2026-05-31'))).toEqual({
    denials: ['VULNERABILITY_FIXABLE'],
    warnings: ['EXCEPTION_EXPIRED'],
  });
});

test('a scan made later counts, whatever order the registry lists them in, though keys alone prove no time', async () => {
  const clean = { ...good.scan, scanner: { uri: 'trivy', result: { SchemaVersion: 2, Results: [] } } };
  const at = (scan: object, day: string) => ({
    ...scan,
    metadata: { scanFinishedOn: `2026-05-${day}T00:00:00Z` },
  });
  for (let n = 0; n < 4; n++) {
    const name = `rescanned${n}`;
    await push(name, { scan: at(clean, '10') });
    await attest(name, 'scan', at(good.scan, '11'));
    expect(
      (await decide(name, '{ vulnerabilities: { fixOlderThanDays: { critical: 7 } } }')).denials,
    ).toEqual(['VULNERABILITY_FIXABLE']);
  }
});

test('of two scans of which one says nothing of when, neither counts', async () => {
  const clean = { ...good.scan, scanner: { uri: 'trivy', result: { SchemaVersion: 2, Results: [] } } };
  await push('undated', { scan: { ...clean, metadata: {} } });
  await attest('undated', 'scan', good.scan);
  expect((await decide('undated', '{ vulnerabilities: {} }')).denials).toEqual(['SCAN_UNREADABLE']);
});

test('a test that failed is not forgotten for one that passed, where nothing says which was later', async () => {
  await push('flaky', { checks: good.checks });
  await attest('flaky', 'checks', { ...good.checks, result: 'FAILED', failedTests: ['starts'] });
  await push('flaky2', { checks: { ...good.checks, result: 'FAILED', failedTests: ['starts'] } });
  await attest('flaky2', 'checks', good.checks);
  for (const name of ['flaky', 'flaky2'])
    expect((await decide(name, '{ require: [checks] }')).denials).toEqual(['CHECKS_FAILED']);
});
