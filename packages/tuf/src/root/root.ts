import { createHash } from 'node:crypto';
import { equalBytes, type JsonObject, type Signer, toHex } from '@pratique/crypto';
import { TrustedMetadata } from '../client/trusted-metadata.ts';
import { tufErrors } from '../errors.ts';
import { signedBytes } from '../metadata/canonical.ts';
import { type MetadataEnvelope, parseMetadataEnvelope } from '../metadata/envelope.ts';
import { parseRoot } from '../metadata/roles.ts';
import type { RoleKeys, Root } from '../metadata/types.ts';
import { keysOfRoot, type RootKey } from './keys.ts';

/** Root metadata that may lack signatures yet. */
export interface RootDocument extends Root {
  /** Of its role `root`, as metadata has them. */
  readonly rootKeys: readonly RootKey[];
  /** SHA-256 of what is signed, in hexadecimal: by it people who sign in different places see that it is the same. */
  readonly digest: string;
  /** Fingerprints of the keys of its role `root` whose signatures are there and good. */
  readonly signers: readonly string[];
}

export interface NewRoot {
  readonly version: number;
  readonly expires: Date;
  /** Who signs the next one, and how many of them must. */
  readonly keys: readonly RootKey[];
  readonly threshold: number;
  /** Each alone signs targets, snapshot and timestamp. */
  readonly online: readonly RootKey[];
}

/**
 * Root metadata (TUF specification §4.3) without signatures.
 *
 * @throws TUF_ROOT_INVALID where the threshold cannot be reached, or one key is to count twice
 */
export function makeRoot({ version, expires, keys, threshold, online }: NewRoot): Uint8Array {
  const ids = keys.map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw invalid('a key is named twice');
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > ids.length)
    throw invalid('so many keys cannot sign', `a threshold from 1 to ${ids.length}`, String(threshold));
  if (online.some(({ id }) => ids.includes(id)))
    throw invalid('the key that signs the timestamp every day is not one of the root’s');
  const role = { keyids: online.map(({ id }) => id), threshold: 1 };
  const signed = {
    _type: 'root',
    spec_version: '1.0.34',
    version,
    expires: `${expires.toISOString().slice(0, 19)}Z`,
    consistent_snapshot: true,
    keys: Object.fromEntries([...keys, ...online].map(({ id, value }) => [id, value])),
    roles: { root: { keyids: ids, threshold }, targets: role, snapshot: role, timestamp: role },
  };
  return format(signed, new Map());
}

/** @throws TUF_METADATA_INVALID */
export function readRoot(bytes: Uint8Array): RootDocument {
  const envelope = parseMetadataEnvelope(bytes, 'the root');
  const root = parseRoot(envelope.signed);
  const signed = signedBytes(envelope.signed);
  return {
    ...root,
    rootKeys: keysOfRoot(envelope.signed, root.roles.root.keyIds),
    digest: createHash('sha256').update(signed).digest('hex'),
    signers: goodSignatures(envelope, root.roles.root).map(({ fingerprint }) => fingerprint),
  };
}

/**
 * Adds a signature to a root, in place of an older one by the same key. Signed by keys of its own role `root`, and by those
 * of the root before it, `previous`, which may be others.
 *
 * @throws TUF_ROOT_INVALID for a key of neither, TUF_METADATA_INVALID, and what the signer throws
 */
export async function signRoot(
  bytes: Uint8Array,
  signer: Signer,
  previous: Uint8Array | undefined,
): Promise<Uint8Array> {
  const envelope = parseMetadataEnvelope(bytes, 'the root');
  const { fingerprint } = signer.publicKey;
  const roles = [parseRoot(envelope.signed).roles.root];
  if (previous !== undefined)
    roles.push(parseRoot(parseMetadataEnvelope(previous, 'the root before').signed).roles.root);
  const named = roles.flatMap(({ keyIds, keys }) => keyIds.map((id) => ({ id, key: keys.get(id) })));
  const own = named.filter(({ key }) => key?.fingerprint === fingerprint);
  if (own.length === 0) {
    throw invalid(
      'the root names another key than this one',
      named.map(({ key }) => key?.fingerprint ?? 'a key that cannot be used').join(', '),
      fingerprint,
    );
  }
  const signed = signedBytes(envelope.signed);
  const signature = await signer.sign(signed);
  if (!own.every(({ key }) => key!.verify(signed, signature)))
    throw invalid('the key signs in another way than the root says');
  const signatures = new Map(envelope.signatures);
  for (const { id } of own) signatures.set(id, signature);
  return format(envelope.signed, signatures);
}

/**
 * The root that follows `previous`, with the good signatures of all its copies, each signed elsewhere.
 *
 * @throws TUF_ROOT_INVALID where the copies differ in more than signatures, TUF_THRESHOLD, TUF_MISMATCH for a version that
 *   is not the next, TUF_EXPIRED, TUF_METADATA_INVALID
 */
export function mergeRoots(previous: Uint8Array, copies: readonly Uint8Array[], now: Date): Uint8Array {
  const envelopes = copies.map((copy) => parseMetadataEnvelope(copy, 'the root'));
  const [first, ...others] = envelopes;
  if (first === undefined) throw invalid('there is no signed root');
  const bytes = signedBytes(first.signed);
  if (others.some(({ signed }) => !equalBytes(signedBytes(signed), bytes)))
    throw invalid('the files are signed copies of different roots');
  const before = parseRoot(parseMetadataEnvelope(previous, 'the root before').signed);
  const roles = [before.roles.root, parseRoot(first.signed).roles.root];
  const signatures = new Map<string, Uint8Array>();
  for (const envelope of envelopes) {
    for (const { id } of roles.flatMap((role) => goodSignatures(envelope, role)))
      signatures.set(id, envelope.signatures.get(id)!);
  }
  const merged = format(first.signed, signatures);
  const trusted = new TrustedMetadata(previous, now);
  trusted.updateRoot(merged);
  trusted.checkRootExpiry();
  return merged;
}

function goodSignatures(envelope: MetadataEnvelope, { keys, keyIds }: RoleKeys) {
  const bytes = signedBytes(envelope.signed);
  return keyIds.flatMap((id) => {
    const [key, signature] = [keys.get(id), envelope.signatures.get(id)];
    return key && signature && key.verify(bytes, signature) ? [{ id, fingerprint: key.fingerprint }] : [];
  });
}

function format(signed: JsonObject, signatures: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const list = [...signatures].map(([keyid, signature]) => ({ keyid, sig: toHex(signature) }));
  return new TextEncoder().encode(`${JSON.stringify({ signatures: list, signed }, null, 1)}\n`);
}

function invalid(message: string, expected?: string, found?: string) {
  return tufErrors.error('TUF_ROOT_INVALID', {
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}
