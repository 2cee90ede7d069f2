import { encodeBase64, parseEnvelope, parseJson, parsePem } from '@pratique/crypto';
import { parseBundle } from '../bundle/parse.ts';
import { annotationNames, signPredicateType } from '../media-types.ts';
import { parseStatement } from '../payload/statement.ts';
import type { Evidence, EvidenceItem } from '../types.ts';

/**
 * The signatures among what was collected, one line of JSON each, as `cosign download signature` prints them: bundles
 * as they are, layers of the signature tag as `{Base64Signature, Payload, Cert, Chain, Bundle, RFC3161Timestamp}`.
 * Nothing is verified. Of a certificate Cosign prints Go's view of every field; here it is `{"Raw": DER}`, from which
 * those fields come.
 */
export function downloadedSignatures({ items }: Evidence): readonly string[] {
  return items.flatMap((item) => {
    if (item.kind === 'simple-signing') return [signedPayload(item)];
    return item.kind === 'bundle' && predicateTypeOf(item) === signPredicateType ? [bundleLine(item)] : [];
  });
}

/**
 * The attestations, one line of JSON each: bundles, and envelopes of the attestation tag.
 *
 * @param predicateType only those of this type
 */
export function downloadedAttestations({ items }: Evidence, predicateType?: string): readonly string[] {
  return items.flatMap((item) => {
    if (item.kind === 'simple-signing') return [];
    const type = predicateTypeOf(item);
    if (predicateType === undefined ? type === signPredicateType : type !== predicateType) return [];
    return [item.kind === 'bundle' ? bundleLine(item) : envelopeLine(item.payload)];
  });
}

type DsseItem = Exclude<EvidenceItem, { kind: 'simple-signing' }>;

/** What a statement is about; a bundle without a statement is the signature of its subject's bytes. */
function predicateTypeOf(item: DsseItem): string | undefined {
  try {
    if (item.kind === 'dsse') {
      return parseStatement(parseEnvelope(parseJson(item.payload, 'the attestation')).payload).predicateType;
    }
    const { content } = parseBundle(item.bytes);
    return content.kind === 'dsse'
      ? parseStatement(content.envelope.payload).predicateType
      : signPredicateType;
  } catch {
    return undefined;
  }
}

function bundleLine(item: Extract<EvidenceItem, { kind: 'bundle' }>): string {
  return line(item.bytes);
}

/** Cosign's members and their order. */
function envelopeLine(bytes: Uint8Array): string {
  const { payload, payloadType, signatures } = parseEnvelope(parseJson(bytes, 'the attestation'));
  return JSON.stringify({
    payloadType,
    payload: encodeBase64(payload),
    signatures: signatures.map(({ keyid, signature }) => ({ keyid, sig: encodeBase64(signature) })),
  });
}

function line(bytes: Uint8Array): string {
  return JSON.stringify(parseJson(bytes, 'what is attached', { maxBytes: bytes.byteLength }));
}

function signedPayload({ payload, annotations }: Extract<EvidenceItem, { kind: 'simple-signing' }>): string {
  const json = (name: string): unknown => {
    const text = annotations[name];
    return text === undefined ? null : parseJson(new TextEncoder().encode(text), name);
  };
  return JSON.stringify({
    Base64Signature: annotations[annotationNames.signature] ?? '',
    Payload: encodeBase64(payload),
    Cert: certificates(annotations[annotationNames.certificate])?.[0] ?? null,
    Chain: certificates(annotations[annotationNames.chain]),
    Bundle: json(annotationNames.bundle),
    RFC3161Timestamp: json(annotationNames.timestamp),
  });
}

function certificates(pem: string | undefined): readonly { readonly Raw: string }[] | null {
  if (pem === undefined || pem === '') return null;
  return parsePem(pem, 'a certificate').map(({ bytes }) => ({ Raw: encodeBase64(bytes) }));
}
