import { createHash } from 'node:crypto';
import { type Certificate, oids, parseCertificate, parsePem, verifyPath } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';
import type { NotaryKey } from '../metadata/key.ts';

/** What makes a root trusted that nothing is known of yet. */
export type RootPin =
  /** Ids of root keys, of certificates or of the public keys in them. */
  | { readonly kind: 'keys'; readonly ids: readonly string[] }
  /** A root of the repository, from which the newest is reached. */
  | { readonly kind: 'root'; readonly bytes: Uint8Array }
  /** Authorities that issued the certificate of a root key. */
  | { readonly kind: 'authorities'; readonly certificates: readonly Certificate[] }
  /** Whatever the server says the first time. */
  | { readonly kind: 'first-use' };

const maxKeys = 64;

/** @throws NOTARY_ROOT_UNREADABLE */
export function pinOfKeys(ids: readonly string[]): RootPin {
  const lower = ids.map((id) => id.toLowerCase());
  const wrong = lower.find((id) => !/^[0-9a-f]{64}$/.test(id));
  if (wrong !== undefined || ids.length === 0 || ids.length > maxKeys) {
    throw notaryErrors.error('NOTARY_ROOT_UNREADABLE', {
      message: 'what should be the id of a root key is none',
      expected: `1 to ${maxKeys} ids of 64 hexadecimal digits`,
      found: wrong?.slice(0, 80) ?? `${ids.length} ids`,
    });
  }
  return { kind: 'keys', ids: lower };
}

/** @param pem one or more certificates @throws NOTARY_ROOT_UNREADABLE */
export function pinOfAuthorities(pem: string): RootPin {
  try {
    const certificates = parsePem(pem, 'the authority of root keys').map(({ bytes }) =>
      parseCertificate(bytes),
    );
    return { kind: 'authorities', certificates };
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw notaryErrors.error('NOTARY_ROOT_UNREADABLE', {
      message: `the authority of root keys cannot be read: ${cause.message}`,
      cause,
    });
  }
}

/** The same for what trusts the same: what was seen under one pin says nothing under another. */
export function pinId(pin: RootPin): string {
  const digest = (parts: readonly (string | Uint8Array)[]) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(createHash('sha256').update(part).digest());
    return `${pin.kind}:${hash.digest('hex')}`;
  };
  switch (pin.kind) {
    case 'keys':
      return digest(pin.ids.toSorted());
    case 'root':
      return digest([pin.bytes]);
    case 'authorities':
      return digest(pin.certificates.map(({ der }) => der));
    case 'first-use':
      return pin.kind;
  }
}

/** Whether the pin by itself makes a root key trusted. */
export function isPinnedKey(key: NotaryKey, pin: RootPin, now: Date): boolean {
  switch (pin.kind) {
    case 'keys':
      return pin.ids.includes(key.id) || pin.ids.includes(key.canonicalId);
    case 'authorities':
      return isIssued(key, pin.certificates, now);
    case 'root':
      return false;
    case 'first-use':
      return true;
  }
}

/** Certificates of root keys are for signing code, as Notary makes them, or for servers, as its own clients ask for. */
function isIssued(
  { certificates: [leaf, ...intermediates] }: NotaryKey,
  anchors: readonly Certificate[],
  now: Date,
): boolean {
  if (leaf === undefined) return false;
  return [oids.codeSigning, oids.serverAuth].some(
    (purpose) => verifyPath(leaf, { anchors, intermediates, time: now, purpose }).ok,
  );
}
