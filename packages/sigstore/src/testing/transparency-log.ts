import { createHash } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import {
  canonicalJson,
  encodeBase64,
  formatPublicKey,
  type PublicKey,
  type SigningKey,
} from '@pratique/crypto';
import type { TransparencyLog } from '../trust/trust.ts';

/** A log entry as it stands in a Sigstore bundle, open for forging. */
export interface EntryJson {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex: string;
    rootHash: string;
    treeSize: string;
    hashes: string[];
    checkpoint: { envelope: string };
  };
  canonicalizedBody: string;
}

const encoder = new TextEncoder();
const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** A Rekor v1 that signs whatever it is told to: for tests that need genuine proofs of false statements. */
export function testLog(key: SigningKey, window: { validFrom: Date; validUntil?: Date }) {
  const trusted: TransparencyLog = {
    id: key.publicKey.fingerprint.slice('sha256:'.length),
    key: key.publicKey,
    baseUrl: 'https://log.example.test',
    ...window,
  };
  // Seven strangers before the entry and three after it make a tree that is not a power of two.
  const strangers = Array.from({ length: 10 }, (_, i) =>
    sha256(Uint8Array.of(0), encoder.encode(`stranger ${i}`)),
  );
  const index = 7;

  /** The entry for `body` as if logged at `time`, with promise, proof and checkpoint. */
  function entry(body: JsonObject, time: Date): EntryJson {
    const canonical = canonicalJson(body);
    const leaves = [
      ...strangers.slice(0, index),
      sha256(Uint8Array.of(0), encoder.encode(canonical)),
      ...strangers.slice(index),
    ];
    const { kind, apiVersion } = body as { kind: string; apiVersion: string };
    const unsigned: EntryJson = {
      logIndex: String(1000 + index),
      logId: { keyId: encodeBase64(Buffer.from(trusted.id, 'hex')) },
      kindVersion: { kind, version: apiVersion },
      integratedTime: String(Math.floor(time.getTime() / 1000)),
      canonicalizedBody: Buffer.from(canonical).toString('base64'),
      inclusionProof: {
        logIndex: String(index),
        rootHash: encodeBase64(root(leaves)),
        treeSize: String(leaves.length),
        hashes: path(index, leaves).map(encodeBase64),
        checkpoint: { envelope: checkpoint(leaves.length, root(leaves)) },
      },
    };
    return { ...unsigned, inclusionPromise: { signedEntryTimestamp: promise(unsigned) } };
  }

  /** The signed entry timestamp over the entry as it is now. */
  function promise(unsigned: EntryJson): string {
    const signed = canonicalJson({
      body: unsigned.canonicalizedBody,
      integratedTime: Number(unsigned.integratedTime),
      logID: Buffer.from(unsigned.logId.keyId, 'base64').toString('hex'),
      logIndex: Number(unsigned.logIndex),
    });
    return encodeBase64(key.sign(encoder.encode(signed)));
  }

  function checkpoint(size: number, rootHash: Uint8Array, signer: SigningKey = key): string {
    const text = `log.example.test - 1\n${size}\n${encodeBase64(rootHash)}\n`;
    const signature = Buffer.concat([
      Buffer.from(trusted.id, 'hex').subarray(0, 4),
      signer.sign(encoder.encode(text)),
    ]);
    return `${text}\n\u2014 log.example.test ${signature.toString('base64')}\n`;
  }

  return { trusted, entry, promise, checkpoint };
}

/** A key, or a certificate in PEM, as entries have it. */
function encodedPem(signer: PublicKey | string): string {
  return Buffer.from(typeof signer === 'string' ? signer : formatPublicKey(signer)).toString('base64');
}

/** Body of a `hashedrekord` 0.0.1 entry. */
export function hashedRekordBody(
  payload: Uint8Array,
  signature: string,
  signer: PublicKey | string,
): JsonObject {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: Buffer.from(sha256(payload)).toString('hex') } },
      signature: {
        content: signature,
        publicKey: { content: encodedPem(signer) },
      },
    },
  };
}

/** Body of a `dsse` 0.0.1 entry. */
export function dsseBody(payload: Uint8Array, signature: string, signer: PublicKey | string): JsonObject {
  const value = Buffer.from(sha256(payload)).toString('hex');
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value },
      payloadHash: { algorithm: 'sha256', value },
      signatures: [{ signature, verifier: encodedPem(signer) }],
    },
  };
}

/** Cosign's annotation for an entry. */
export function logAnnotation(entry: EntryJson): string {
  return JSON.stringify({
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  });
}

/** Merkle tree hash (RFC 6962 §2.1) of leaf hashes. */
export function root(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const split = splitPoint(leaves.length);
  return sha256(Uint8Array.of(1), root(leaves.slice(0, split)), root(leaves.slice(split)));
}

/** Audit path (RFC 6962 §2.1.1). */
export function path(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = splitPoint(leaves.length);
  return index < split
    ? [...path(index, leaves.slice(0, split)), root(leaves.slice(split))]
    : [...path(index - split, leaves.slice(split)), root(leaves.slice(0, split))];
}

function splitPoint(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}
