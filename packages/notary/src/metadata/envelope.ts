import { decodeBase64, type JsonObject, olpcJson, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';
import { verifyWith } from './key.ts';
import { Members, readable } from './members.ts';
import type { RoleKeys } from './types.ts';

interface Signature {
  readonly keyId: string;
  /** In lower case, as Notary compares it. */
  readonly method: string;
  readonly bytes: Uint8Array;
}

/** Trust data of which nothing is believed yet. */
export interface Envelope {
  readonly signed: JsonObject;
  readonly signatures: readonly Signature[];
}

const maxSignatures = 256;

/** Parses the outer form of every file of a Notary server. */
export function parseEnvelope(bytes: Uint8Array, what: string): Envelope {
  const document = new Members(parseDocument(bytes, what), what);
  const signatures = document.list('signatures', maxSignatures).map((item) => {
    const signature = new Members(item, `a signature of ${what}`);
    return {
      keyId: signature.text('keyid'),
      method: signature.text('method').toLowerCase(),
      bytes: readable(() => decodeBase64(signature.text('sig'), `a signature of ${what}`)),
    };
  });
  // Checked to be an object by the reader.
  document.object('signed');
  return { signed: document.value('signed') as JsonObject, signatures };
}

function parseDocument(bytes: Uint8Array, what: string) {
  return readable(() => parseJson(bytes, what, { maxDepth: 16 }));
}

/**
 * Checks that enough different keys of the role signed. Keys are told apart by what they are, not by their ids: one key
 * in two certificates counts once.
 *
 * @returns the ids of those that did
 * @throws NOTARY_THRESHOLD
 */
export function verifyThreshold(envelope: Envelope, role: RoleKeys, what: string): readonly string[] {
  const bytes = readable(() => new TextEncoder().encode(olpcJson(envelope.signed)));
  const signers = new Map<string, string>();
  for (const { keyId, method, bytes: signature } of envelope.signatures) {
    const key = role.keyIds.includes(keyId) ? role.keys.get(keyId) : undefined;
    if (key === undefined || key === null || signers.has(key.publicKey.fingerprint)) continue;
    if (verifyWith(key, method, bytes, signature)) signers.set(key.publicKey.fingerprint, keyId);
  }
  if (signers.size >= role.threshold) return [...signers.values()];
  throw notaryErrors.error('NOTARY_THRESHOLD', {
    message: `${printable(what)} is not signed by enough of the keys that must sign it`,
    expected: `${role.threshold} of ${role.keyIds.length} keys`,
    found: `${signers.size} good signatures`,
  });
}
