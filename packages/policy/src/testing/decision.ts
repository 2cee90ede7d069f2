import type { Decision } from '../types.ts';
import { digestOfText } from './fakes.ts';

/** A refusal of one image, as the gate makes it. */
export function sampleDecision(changes: Partial<Decision> = {}): Decision {
  return {
    schemaVersion: 1,
    decisionId: '01980000-0000-7000-8000-000000000001',
    time: '2026-01-02T03:04:05.678Z',
    mode: 'enforce',
    allowed: false,
    subject: {
      kind: 'Pod',
      namespace: 'web',
      name: 'shop',
      images: [{ reference: 'a.b/app:1', digest: digestOfText('app'), containers: ['containers[0] "c"'] }],
    },
    denials: [
      {
        policy: 'pratique.image.signed',
        code: 'SIGNATURE_MISSING',
        fault: false,
        message: 'no signature',
        expected: null,
        found: null,
        remedy: null,
        image: 'a.b/app:1',
        container: 'containers[0] "c"',
      },
    ],
    warnings: [],
    evidence: { 'a.b/app:1': null },
    policyDigest: digestOfText('policies'),
    trustDigest: digestOfText('trust'),
    ...changes,
  };
}
