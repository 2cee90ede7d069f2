import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { encodeBase64, generateSigningKey, preAuthEncoding, type SigningKey } from '@pratique/crypto';
import type { Descriptor } from '@pratique/oci';
import { annotationNames, mediaTypes, signPredicateType } from '../media-types.ts';
import { formatSimpleSigning } from '../payload/simple-signing.ts';
import { formatStatement } from '../payload/statement.ts';
import type { Trust, TrustedKey } from '../trust/trust.ts';
import type { Evidence, EvidenceItem, EvidenceSource } from '../types.ts';
import { type EntryJson, testLog } from './transparency-log.ts';

/** The moment all tests happen at, and the image they are about. */
export const now = new Date('2026-06-01T12:00:00Z');
export const subject: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a1'.repeat(32)}`,
  size: 1234,
};
export const otherDigest = `sha256:${'b2'.repeat(32)}` as const;

export const alice = generateSigningKey();
export const stranger = generateSigningKey();
/** A key of every algorithm, for tests of one in particular. */
export const keys = {
  'ecdsa-p384': generateSigningKey('ecdsa-p384'),
  'ecdsa-p521': generateSigningKey('ecdsa-p521'),
  rsa: generateSigningKey('rsa'),
  ed25519: generateSigningKey('ed25519'),
};

export const logWindow = {
  validFrom: new Date('2026-01-01T00:00:00Z'),
  validUntil: new Date('2026-12-31T00:00:00Z'),
};
export const log = testLog(generateSigningKey(), logWindow);
export const otherLog = testLog(generateSigningKey(), logWindow);

export function trusting(
  key: SigningKey = alice,
  window: Pick<TrustedKey, 'validFrom' | 'validUntil'> = {},
): Trust {
  return { keys: [{ name: 'alice', key: key.publicKey, ...window }], logs: [] };
}
export const trustingLog: Trust = { ...trusting(), logs: [log.trusted] };

const encoder = new TextEncoder();

/** Bytes of a text, or of anything else as JSON. */
export function bytesOf(value: unknown): Uint8Array {
  return encoder.encode(typeof value === 'string' ? value : JSON.stringify(value));
}

/** The simple-signing document Cosign would sign for the subject, as an open object. */
export function goodDocument() {
  return JSON.parse(
    new TextDecoder().decode(formatSimpleSigning('registry.test/app', subject.digest, { env: 'dev' })),
  );
}

/** The statement `cosign sign` would sign for the subject, as an open object. */
export function goodStatement() {
  const bytes = formatStatement({
    type: 'https://in-toto.io/Statement/v1',
    digest: subject.digest,
    annotations: { env: 'dev' },
    predicateType: signPredicateType,
    predicate: {},
  });
  return JSON.parse(new TextDecoder().decode(bytes));
}

const digestOfNothing = `sha256:${'00'.repeat(32)}` as const;
const tagSource: EvidenceSource = { format: 'cosign-tag', manifest: digestOfNothing };
const bundleSource: EvidenceSource = { format: 'sigstore-bundle', manifest: digestOfNothing };

/** A layer of a signature tag: `payload` signed by `key`, unless `signature` says otherwise. */
export function layer(
  payload: Uint8Array = bytesOf(goodDocument()),
  key: SigningKey = alice,
  signature: string = encodeBase64(key.sign(payload)),
  more: Readonly<Record<string, string>> = {},
): EvidenceItem {
  const annotations = { [annotationNames.signature]: signature, ...more };
  return { kind: 'simple-signing', source: tagSource, payload, annotations };
}

/** A bundle as Cosign 3 makes it, open for forging. */
export interface BundleJson {
  mediaType: string;
  verificationMaterial: { publicKey?: { hint: string }; tlogEntries?: EntryJson[]; [name: string]: unknown };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
  [name: string]: unknown;
}

/** The bundle's JSON for `statement`, signed by `key` under `payloadType`. */
export function bundleJson(
  statement: Uint8Array = bytesOf(goodStatement()),
  key: SigningKey = alice,
  payloadType: string = mediaTypes.inToto,
): BundleJson {
  const sig = encodeBase64(key.sign(preAuthEncoding(payloadType, statement)));
  return {
    mediaType: mediaTypes.bundle,
    verificationMaterial: { publicKey: { hint: key.publicKey.hint } },
    dsseEnvelope: { payload: encodeBase64(statement), payloadType, signatures: [{ sig }] },
  };
}

export function bundle(json: unknown = bundleJson()): EvidenceItem {
  return { kind: 'bundle', source: bundleSource, bytes: bytesOf(json) };
}

/** A layer of an attestation tag. */
export function attestationLayer(
  json: unknown,
  annotations: Readonly<Record<string, string>> = {},
): EvidenceItem {
  return { kind: 'dsse', source: tagSource, payload: bytesOf(json), annotations };
}

export function evidence(...items: readonly EvidenceItem[]): Evidence {
  return { subject, items, skipped: [] };
}

/** The key as Node has it, for signing in ways a `SigningKey` refuses to. */
export function privateObject(key: SigningKey): KeyObject {
  return createPrivateKey({ key: Buffer.from(key.exportPkcs8()), format: 'der', type: 'pkcs8' });
}

export function signWith(key: SigningKey, hash: string | null, data: Uint8Array, pss = false): Uint8Array {
  const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  return sign(hash, data, { key: privateObject(key), ...padding });
}

/** Flips one bit of one byte. */
export function flip(bytes: Uint8Array, index = bytes.length - 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = index < 0 ? bytes.length + index : index;
  copy[at] = copy[at]! ^ 1;
  return copy;
}
