import { type JsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { tufErrors } from '../errors.ts';
import { signedBytes } from './canonical.ts';
import { invalid, Members } from './members.ts';
import type { RoleKeys } from './types.ts';

/** Signed metadata of which nothing is believed yet. */
export interface MetadataEnvelope {
  readonly signed: JsonObject;
  readonly signatures: ReadonlyMap<string, Uint8Array>;
}

const maxSignatures = 256;

/** Parses the outer form (TUF specification §4.2). A key that signs twice is refused, as the specification asks. */
export function parseMetadataEnvelope(bytes: Uint8Array, what: string): MetadataEnvelope {
  const document = new Members(parseDocument(bytes, what), what);
  const signatures = new Map<string, Uint8Array>();
  for (const item of document.list('signatures', maxSignatures)) {
    const signature = new Members(item, `a signature of ${what}`);
    const keyId = signature.text('keyid');
    if (signatures.has(keyId)) throw invalid(`${what} has two signatures of one key`);
    const hex = signature.text('sig');
    // Tools that collect signatures over days leave the missing ones empty.
    if (!/^([0-9a-fA-F]{2})*$/.test(hex)) throw invalid(`a signature of ${what} is not hexadecimal`);
    signatures.set(keyId, Buffer.from(hex, 'hex'));
  }
  // Checked to be an object by the reader.
  document.object('signed');
  return { signed: document.value('signed') as JsonObject, signatures };
}

function parseDocument(bytes: Uint8Array, what: string) {
  try {
    return parseJson(bytes, what, { maxDepth: 16 });
  } catch (error) {
    if (error instanceof PratiqueError) throw invalid(error.message);
    throw error;
  }
}

/**
 * Checks that enough different keys of the role signed (§5.3.4 and its like). Keys are told apart by what they are, not
 * by the id that metadata gives them: one key under two ids counts once.
 *
 * @throws TUF_THRESHOLD
 */
export function verifyThreshold(envelope: MetadataEnvelope, role: RoleKeys, what: string): void {
  const bytes = signedBytes(envelope.signed);
  const signers = new Set<string>();
  for (const keyId of role.keyIds) {
    const key = role.keys.get(keyId);
    const signature = envelope.signatures.get(keyId);
    if (key === undefined || key === null || signature === undefined) continue;
    if (key.verify(bytes, signature)) signers.add(key.fingerprint);
  }
  if (signers.size >= role.threshold) return;
  throw tufErrors.error('TUF_THRESHOLD', {
    message: `${printable(what)} is not signed by enough of the keys that must sign it`,
    expected: `${role.threshold} of ${role.keyIds.length} keys`,
    found: `${signers.size} good signatures`,
  });
}
