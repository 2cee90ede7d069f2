import type { Descriptor } from '@pratique/oci';
import type { Evidence, EvidenceItem } from '@pratique/sigstore';
import { expect, test } from 'vitest';
import { authorities, digestOfText, trustFrom } from '../testing/fakes.ts';
import { verifyInTurns } from './cosign.ts';

const subject: Descriptor = { mediaType: 'm', digest: digestOfText('image'), size: 1 };
const trust = trustFrom(authorities('a', 'b', 'c'));

test('a thousand forged signatures are all refused, and others get their turn meanwhile', async () => {
  const items = Array.from(
    { length: 1000 },
    (_, index): EvidenceItem => ({
      kind: 'simple-signing',
      source: { format: 'cosign-tag', manifest: digestOfText('m'), layer: digestOfText(String(index)) },
      payload: new TextEncoder().encode('{}'),
      annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQ==' },
    }),
  );
  const skipped = [
    {
      source: { format: 'cosign-tag', manifest: digestOfText('m') },
      code: 'EVIDENCE_TOO_LARGE',
      message: '',
      checks: [],
    },
  ] as const;
  const evidence: Evidence = { subject, items, skipped };
  let turns = 0;
  let next: NodeJS.Immediate;
  const other = (): void => {
    turns++;
    next = setImmediate(other);
  };
  next = setImmediate(other);
  const result = await verifyInTurns(evidence, trust, new Date());
  clearImmediate(next);
  expect(result.signatures).toEqual([]);
  expect(result.rejected).toHaveLength(1001);
  expect(turns).toBeGreaterThan(10);
});
