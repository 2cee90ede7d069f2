import { encodeBase64, isJsonObject, parseEnvelope, parseJson } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { own } from '../payload/members.ts';
import type { Evidence, EvidenceItem, VerifiedAttestation } from '../types.ts';

/**
 * Verified attestations as `cosign verify-attestation` prints them, one line each: the DSSE envelope as JSON, members
 * in Cosign's order. `evidence` is what they were verified from.
 *
 * @throws PAYLOAD_INVALID when the attestations are not of this evidence
 */
export function formatAttestations(
  attestations: readonly VerifiedAttestation[],
  evidence: Evidence,
): readonly string[] {
  return attestations.map(({ source }) => {
    const item = evidence.items.find(
      (candidate) => candidate.source.manifest === source.manifest && candidate.source.layer === source.layer,
    );
    if (item === undefined || item.kind === 'simple-signing') {
      throw sigstoreErrors.error('PAYLOAD_INVALID', {
        message: 'an attestation is not of the evidence given',
      });
    }
    return formatEnvelope(item);
  });
}

function formatEnvelope(item: Exclude<EvidenceItem, { kind: 'simple-signing' }>): string {
  const bytes = item.kind === 'bundle' ? item.bytes : item.payload;
  const document = parseJson(bytes, 'the attestation', { maxBytes: bytes.byteLength });
  const envelope = parseEnvelope(
    item.kind === 'bundle' && isJsonObject(document) ? own(document, 'dsseEnvelope') : document,
  );
  return JSON.stringify({
    payload: encodeBase64(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: envelope.signatures.map(({ signature, keyid }) => ({
      ...(keyid === '' ? {} : { keyid }),
      sig: encodeBase64(signature),
    })),
  });
}
