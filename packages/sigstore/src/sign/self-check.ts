import type { PratiqueError } from '@pratique/errors';
import type { Descriptor } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceItem, Rejection } from '../types.ts';
import { type Artifact, verifyBundle } from '../verify/bundle.ts';
import { verifyEvidence } from '../verify/verify.ts';

/** An item before it is anywhere. */
type Unplaced<Item> = Item extends unknown ? Omit<Item, 'source'> : never;

/**
 * Verifies what was just made, as a reader with `trust` would, before it is stored: what a service sent may be wrong,
 * and a signature nobody can verify is worse than none.
 *
 * @throws SIGNATURE_NOT_VERIFIABLE
 */
export function checkImageSignature(item: Unplaced<EvidenceItem>, subject: Descriptor, trust: Trust): void {
  const format = item.kind === 'bundle' ? ('sigstore-bundle' as const) : ('cosign-tag' as const);
  const placed = { ...item, source: { format, manifest: subject.digest } } as EvidenceItem;
  const { rejected } = verifyEvidence({ subject, items: [placed], skipped: [] }, trust, new Date());
  if (rejected.length > 0) throw notVerifiable(rejected[0]!);
}

/** The same for a bundle about a file. */
export function checkBlobBundle(bundle: Uint8Array, artifact: Artifact, trust: Trust): void {
  const result = verifyBundle(bundle, artifact, trust, new Date());
  if (!result.ok) throw notVerifiable(result.rejection);
}

function notVerifiable({ code, message, expected, found }: Omit<Rejection, 'source'>): PratiqueError {
  return sigstoreErrors.error('SIGNATURE_NOT_VERIFIABLE', {
    message: `the signature that was made does not verify, so it is not stored: ${code} ${message}`,
    expected,
    found,
  });
}
