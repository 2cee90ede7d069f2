import { PratiqueError, printable } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';
import { type Envelope, parseEnvelope, verifyThreshold } from '../metadata/envelope.ts';
import type { NotaryKey } from '../metadata/key.ts';
import { parseRoot } from '../metadata/roles.ts';
import type { RoleKeys, Root } from '../metadata/types.ts';
import { isOfRepository, isValidAt } from './certificate.ts';
import { isPinnedKey, type RootPin } from './pin.ts';

/** A root that is signed by its own keys. Whether it is trusted is another question. */
export interface SignedRoot {
  readonly bytes: Uint8Array;
  readonly envelope: Envelope;
  readonly root: Root;
  /** Keys of the root role that are certificates of the repository: no others count. */
  readonly keys: RoleKeys;
}

/**
 * Reads a root and checks that it is of the repository and signed by its own keys.
 *
 * @throws NOTARY_METADATA_INVALID, NOTARY_THRESHOLD
 */
export function readRoot(bytes: Uint8Array, repository: string, what = 'root.json'): SignedRoot {
  const envelope = parseEnvelope(bytes, what);
  const root = parseRoot(envelope.signed);
  const keys = only(root.roles.root, (key) => isOfRepository(key, repository));
  verifyThreshold(envelope, keys, `${what} of ${repository}`);
  return { bytes, envelope, root, keys };
}

function only(role: RoleKeys, wanted: (key: NotaryKey) => boolean): RoleKeys {
  const keyIds = role.keyIds.filter((id) => {
    const key = role.keys.get(id);
    return key !== undefined && key !== null && wanted(key);
  });
  return { ...role, keyIds };
}

/** Whether enough of the keys that the pin makes trusted signed it. Others do not count, however many there are. */
export function isPinned({ envelope, keys }: SignedRoot, pin: RootPin, now: Date): boolean {
  return signs(
    envelope,
    only(keys, (key) => isPinnedKey(key, pin, now)),
  );
}

function signs(envelope: Envelope, keys: RoleKeys): boolean {
  try {
    verifyThreshold(envelope, keys, 'root.json');
    return true;
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'NOTARY_THRESHOLD') return false;
    throw error;
  }
}

/**
 * Checks that `after` comes next: one version on, and signed by the keys of the one before.
 *
 * @throws NOTARY_ROOT_UNTRUSTED
 */
export function checkSuccessor(before: SignedRoot, after: SignedRoot): void {
  const { version } = before.root;
  if (after.root.version !== version + 1)
    throw untrusted('a root is not the next one', `version ${version + 1}`, `version ${after.root.version}`);
  if (!signs(after.envelope, before.keys))
    throw untrusted(
      `version ${after.root.version} of the root is not signed by the keys of version ${version}`,
      shownKeys(before),
      shownKeys(after),
    );
}

/**
 * Checks that the newest root is good now: it has not expired, and certificates that have not are enough.
 *
 * @throws NOTARY_EXPIRED
 */
export function checkCurrent({ root, envelope, keys }: SignedRoot, now: Date): void {
  checkExpiry(root.expires, now, 'root.json');
  if (
    signs(
      envelope,
      only(keys, (key) => isValidAt(key, now)),
    )
  )
    return;
  const ends = keys.keyIds.map((id) => keys.keys.get(id)?.certificates[0]?.validUntil.toISOString());
  throw notaryErrors.error('NOTARY_EXPIRED', {
    message: 'the certificates of the root keys are not valid now',
    expected: `valid at ${now.toISOString()}`,
    found: `valid until ${ends.join(', ')}`,
  });
}

/** @throws NOTARY_EXPIRED */
export function checkExpiry(expires: Date, now: Date, name: string): void {
  if (expires > now) return;
  throw notaryErrors.error('NOTARY_EXPIRED', {
    message: `${printable(name)} has expired`,
    expected: `good at ${now.toISOString()}`,
    found: `expired ${expires.toISOString()}`,
  });
}

export function untrusted(message: string, expected: string, found: string) {
  return notaryErrors.error('NOTARY_ROOT_UNTRUSTED', { message, expected, found });
}

/** Ids of the public keys of a role, whatever certificates they are in: what files of keys are called. */
export function canonicalIds({ keyIds, keys }: RoleKeys): readonly string[] {
  return keyIds.map((id) => keys.get(id)?.canonicalId ?? id);
}

/** Root keys, as `docker trust inspect` names them. */
export function shownKeys({ keys }: SignedRoot): string {
  return `root keys ${keys.keyIds.join(', ')}`;
}
