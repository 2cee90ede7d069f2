import { expect, test } from 'vitest';
import { signatureBy } from '../testing/fakes.ts';
import type { AttestationFact } from '../types.ts';
import { checkFacts, testResultType } from './checks.ts';
import { provenanceFacts } from './provenance.ts';

const attestation = (predicateType: string, predicate: unknown, signedAt: string | null = null) =>
  ({ ...signatureBy('team'), authorities: ['team'], signedAt, predicateType, predicate }) as AttestationFact;

test('SLSA provenance v1 and v0.2 look the same', () => {
  const v1 = attestation('https://slsa.dev/provenance/v1', {
    buildDefinition: {
      buildType: 't',
      resolvedDependencies: [{ uri: 'base', digest: { sha256: 'aa', sha512: 'bb' } }, { name: 'x' }],
    },
    runDetails: { builder: { id: 'b' }, metadata: { finishedOn: '2026-01-01T00:00:00Z' } },
  });
  const v02 = attestation('https://slsa.dev/provenance/v0.2', {
    builder: { id: 'b' },
    buildType: 't',
    metadata: { buildFinishedOn: '2026-01-01T00:00:00Z' },
    materials: [{ uri: 'base', digest: { sha256: 'aa', sha512: 'bb' } }, { uri: 'x' }],
  });
  const said = {
    authorities: ['team'],
    builder: 'b',
    buildType: 't',
    finishedAt: '2026-01-01T00:00:00Z',
    materials: [
      { uri: 'base', digests: ['sha256:aa', 'sha512:bb'] },
      { uri: 'x', digests: [] },
    ],
  };
  expect(provenanceFacts([v1, v02, attestation('https://example.com/other', {})])).toEqual([said, said]);
});

test('provenance of another shape says nothing', () => {
  const nothing = { builder: null, buildType: null, finishedAt: null, materials: [] };
  for (const predicate of [null, 'text', { buildDefinition: 'x', runDetails: [] }, { materials: {} }]) {
    for (const type of ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'])
      expect(provenanceFacts([attestation(type, predicate)])).toMatchObject([nothing]);
  }
});

test('of the test results of one configuration the newest counts', () => {
  const result = (verdict: string, name: string, signedAt: string) =>
    attestation(testResultType, { result: verdict, configuration: [{ name }], failedTests: ['t'] }, signedAt);
  const facts = checkFacts([
    result('PASSED', 'a', '2026-02-01T00:00:00Z'),
    result('FAILED', 'a', '2026-01-01T00:00:00Z'),
    result('FAILED', 'b', '2026-01-01T00:00:00Z'),
  ]);
  expect(facts).toMatchObject([
    { configuration: ['a'], result: 'PASSED' },
    { configuration: ['b'], result: 'FAILED', failed: ['t'] },
  ]);
});

test('a result that is none has not passed', () => {
  for (const predicate of [null, {}, { result: 'passed' }, { result: 1 }])
    expect(checkFacts([attestation(testResultType, predicate)])).toMatchObject([{ result: 'FAILED' }]);
});
