import { createHash } from 'node:crypto';
import { derWriter } from '@pratique/crypto';
import type { Trust } from '../../trust/trust.ts';
import {
  type KeylessBundleJson,
  leafOptions,
  makeLeaf,
  type SignOptions,
  signMessage,
} from '../virtual-sigstore.ts';

/** The file everything is about, and another one. */
export const artifact = new TextEncoder().encode('release 1.0\n');
export const otherArtifact = new TextEncoder().encode('release 2.0\n');

/** A good bundle with one thing wrong, the code it must be refused with, and what is believed. */
export type KeylessRow = readonly [
  name: string,
  expected: string,
  make: () => unknown,
  trust?: Partial<Trust>,
];

/** The file’s bundle, after `change`. */
export function changed(
  change: (json: KeylessBundleJson) => unknown,
  options: SignOptions = {},
): () => unknown {
  return () => {
    const json = signMessage(artifact, options);
    return change(json) ?? json;
  };
}

/** The file’s bundle with another certificate, which is logged and stamped with everything else. */
export function certified(certificate: () => Uint8Array, options: SignOptions = {}): () => unknown {
  return () => signMessage(artifact, { ...options, certificate: certificate() });
}

export function leafWith(change: Parameters<typeof makeLeaf>[0]): () => unknown {
  return certified(() => makeLeaf(change));
}

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

export const at = (text: string): Date => new Date(text);
export const entryOf = (json: KeylessBundleJson) => json.verificationMaterial.tlogEntries[0]!;
export const stampsOf = (json: KeylessBundleJson) =>
  json.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
export const signatureOf = (json: KeylessBundleJson): Uint8Array =>
  Uint8Array.from(Buffer.from(json.messageSignature!.signature, 'base64'));

/** Windows that end just before, and begin just after, everything happens. */
export const before = { validFrom: at('2025-01-01T00:00:00Z'), validUntil: at('2026-06-01T11:58:59Z') };
export const after = { validFrom: at('2026-06-01T12:00:01Z'), validUntil: at('2027-01-01T00:00:00Z') };

/** The extensions Fulcio writes, but for one. */
export const without = (oid: string) =>
  leafOptions().extensions.filter(
    (item) => !Buffer.from(item).includes(Buffer.from(derWriter.objectIdentifier(oid))),
  );
