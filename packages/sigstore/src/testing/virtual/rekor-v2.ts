import { createHash } from 'node:crypto';
import {
  canonicalJson,
  concatBytes,
  encodeBase64,
  type JsonObject,
  leafHash,
  noteKeyHash,
  type PublicKey,
  type SigningKey,
  toHex,
} from '@pratique/crypto';
import type { TransparencyLog } from '../../trust/trust.ts';
import { type EntryJson, path, root } from '../transparency-log.ts';

/** What an entry of a tile log says, to be made wrong. */
export interface EntryOptions {
  readonly origin?: string;
  /** Name on the signature line. */
  readonly name?: string;
  readonly signer?: SigningKey;
  /** Lines of other signers, before the log's own. */
  readonly cosignatures?: string;
}

/** A Rekor v2 that signs whatever it is told to. */
export function testLogV2(key: SigningKey, host: string, window: { validFrom: Date; validUntil?: Date }) {
  const keyHash = noteKeyHash(host, key.publicKey);
  const trusted: TransparencyLog = {
    id: toHex(keyHash),
    key: key.publicKey,
    baseUrl: `https://${host}`,
    ...window,
  };
  const index = 5;
  const others = Array.from({ length: 12 }, (_, i) => leafHash(Uint8Array.of(i)));

  function entry(body: JsonObject, options: EntryOptions = {}): EntryJson {
    const canonical = new TextEncoder().encode(canonicalJson(body));
    const leaves = others.with(index, leafHash(canonical));
    const { kind, apiVersion } = body as { kind: string; apiVersion: string };
    return {
      logIndex: String(index),
      logId: { keyId: encodeBase64(keyHash) },
      kindVersion: { kind, version: apiVersion },
      canonicalizedBody: encodeBase64(canonical),
      inclusionProof: {
        logIndex: String(index),
        rootHash: encodeBase64(root(leaves)),
        treeSize: String(leaves.length),
        hashes: path(index, leaves).map(encodeBase64),
        checkpoint: { envelope: checkpoint(leaves.length, root(leaves), options) },
      },
    };
  }

  function checkpoint(size: number, rootHash: Uint8Array, options: EntryOptions): string {
    const { origin = host, name = host, signer = key, cosignatures = '' } = options;
    const text = `${origin}\n${size}\n${encodeBase64(rootHash)}\n`;
    const signature = concatBytes(keyHash.subarray(0, 4), signer.sign(new TextEncoder().encode(text)));
    return `${text}\n${cosignatures}\u2014 ${name} ${encodeBase64(signature)}\n`;
  }

  return { trusted, entry };
}

export type TestLogV2 = ReturnType<typeof testLogV2>;

/** Body of a `hashedrekord` 0.0.2 entry over `signed`: the message, or the pre-authentication encoding. */
export function hashedRekordV2Body(
  signed: Uint8Array,
  signature: Uint8Array,
  signer: { readonly certificate: Uint8Array } | { readonly key: PublicKey },
): JsonObject {
  const verifier: JsonObject =
    'certificate' in signer
      ? { x509Certificate: { rawBytes: encodeBase64(signer.certificate) } }
      : { publicKey: { rawBytes: encodeBase64(signer.key.spki) } };
  return {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: {
          algorithm: 'SHA2_256',
          digest: createHash('sha256').update(signed).digest('base64'),
        },
        signature: {
          content: encodeBase64(signature),
          verifier: { keyDetails: 'PKIX_ECDSA_P256_SHA_256', ...verifier },
        },
      },
    },
  };
}
