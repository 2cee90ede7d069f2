import { readFileSync } from 'node:fs';
import type { VerifiedAttestation } from '@pratique/sigstore';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { buildFacts } from '../facts/build.ts';
import { parseConfig } from '../facts/config.ts';
import { called } from '../testing/called.ts';
import {
  authorities,
  digestOfText,
  fakeEngine,
  fakeRegistry,
  signatureBy,
  trustFrom,
} from '../testing/fakes.ts';
import { requirementsFor } from '../trust/match.ts';
import { createGate } from './gate.ts';

const schema = (name: string): object =>
  JSON.parse(
    readFileSync(new URL(`../../../../docs/reference/${name}.schema.json`, import.meta.url), 'utf8'),
  );

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
formats.default(ajv);
ajv.addSchema(schema('facts'));
const isFacts = ajv.getSchema('https://pratique.dev/schemas/facts.schema.json')!;
const isDecision = ajv.compile(schema('decision'));

const trust = trustFrom(
  `${authorities('team')}images: [{ match: "localhost:*/**", require: { any: [team] }, annotations: { env: dev } }]`,
);

const attestation: VerifiedAttestation & { authorities: string[] } = {
  ...signatureBy('team', { a: 'b' }),
  authorities: [],
  signedAt: '2026-01-01T00:00:00Z',
  log: { id: 'abc', index: '7' },
  signer: { kind: 'identity', subject: 'a@example.com', issuer: 'https://issuer.example', extensions: {} },
  predicateType: 'https://spdx.dev/Document',
  predicate: { packages: [] },
};

const facts = buildFacts(trust, {
  reference: { registry: 'localhost:5000', repository: 'app', tag: '1' },
  manifest: {
    descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOfText('x'), size: 1 },
    bytes: new Uint8Array(),
    manifest: {
      kind: 'index',
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: 'm',
          digest: digestOfText('y'),
          size: 1,
          platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
        },
        {
          mediaType: 'm',
          digest: digestOfText('z'),
          size: 1,
          platform: { os: 'unknown', architecture: 'unknown' },
        },
      ],
      annotations: {},
    },
  },
  config: parseConfig({
    os: 'linux',
    architecture: 'amd64',
    config: { User: '1000', Env: ['A=b', 3], Labels: { a: 'b', c: 1 } },
  }),
  verification: {
    signatures: [{ ...signatureBy('team', { env: 'dev' }), authorities: ['team'] }],
    attestations: [
      attestation,
      { ...attestation, signer: signatureBy('team').signer, authorities: ['team'] },
    ],
    rejected: [
      {
        source: { format: 'cosign-tag' },
        code: 'SUBJECT_MISMATCH',
        message: 'for another image',
        found: 'sha256:…',
      },
    ],
  },
  requirements: requirementsFor(trust, called('localhost:5000/app'), null),
  now: new Date('2026-06-01T00:00:00Z'),
});

test('what policies are given is what facts.schema.json says', () => {
  isFacts(JSON.parse(JSON.stringify(facts)));
  expect(isFacts.errors ?? []).toEqual([]);
  expect(facts.platforms).toEqual(['linux/arm/v7']);
  expect(facts.config).toEqual({ user: '1000', entrypoint: [], cmd: [], env: ['A=b'], labels: { a: 'b' } });
});

test('an SBOM by somebody nobody asked for is not the SBOM of the image', () => {
  expect(facts.attestations).toHaveLength(2);
  expect(facts.attestations[0]?.authorities).toEqual([]);
  expect(facts.sbom).toMatchObject({
    predicateType: 'https://spdx.dev/Document',
    document: { packages: [] },
  });
  const alone = buildFacts(trust, {
    reference: { registry: 'localhost:5000', repository: 'app' },
    manifest: {
      descriptor: { mediaType: 'm', digest: digestOfText('x'), size: 1 },
      bytes: new Uint8Array(),
      manifest: { kind: 'index', mediaType: 'm', manifests: [], annotations: {} },
    },
    config: parseConfig(null),
    verification: { signatures: [], attestations: [attestation], rejected: [] },
    requirements: requirementsFor(trust, called('localhost:5000/app'), null),
    now: new Date('2026-06-01T00:00:00Z'),
  });
  expect(alone.sbom).toBeNull();
});

test('the schema notices a fact it does not know', () => {
  expect(isFacts({ ...facts, surprise: 1 })).toBe(false);
  expect(isFacts({ ...facts, digest: 'sha256:abc' })).toBe(false);
});

test('every sort of decision is what decision.schema.json says', async () => {
  const registry = fakeRegistry({
    tags: { 'localhost:5000/app:1': 'one', 'localhost:5000/app:2': 'two' },
    signatures: { [`localhost:5000/app@${digestOfText('one')}`]: [signatureBy('team')] },
  });
  const gate = createGate({ trust, engine: fakeEngine(), ...registry });
  const pod = { kind: 'Pod', namespace: 'web', name: null, input: {}, object: null };
  const decisions = [
    await gate.checkImage('localhost:5000/app:1'),
    await gate.checkImage('localhost:5000/app:2'),
    await gate.checkImage('localhost:5000/app:missing'),
    await gate.checkImage('not a reference'),
    gate.settle(pod, []),
    await gate.reviewRequest(pod, [{ reference: 'localhost:5000/app:2', container: 'containers[0] "a"' }]),
  ];
  expect(decisions.map(({ allowed }) => allowed)).toEqual([true, false, false, false, true, false]);
  for (const decision of decisions) {
    isDecision(JSON.parse(JSON.stringify(decision)));
    expect(isDecision.errors ?? []).toEqual([]);
  }
});
