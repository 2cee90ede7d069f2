import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  equalBytes,
  type PublicKey,
  parseCertificate,
  parsePem,
  type Signer,
  signatureHash,
} from '@pratique/crypto';
import { sigstoreServerErrors } from '../errors.ts';
import type { Generation } from './generations.ts';
import { generationName, loadKey, type Role } from './keys.ts';

/** Roles whose keys may be elsewhere. Those of logs sign with every entry, in the order of the tree, and stay here. */
export const outsideRoles = ['fulcio-root', 'fulcio', 'tsa-root', 'tsa'] as const satisfies readonly Role[];
export type OutsideRole = (typeof outsideRoles)[number];
/** Keys that were brought along, by what they sign; several where there were rotations. */
export type OutsideKeys = Readonly<Partial<Record<OutsideRole, readonly Signer[]>>>;

export interface AuthorityKeyOptions {
  readonly role: OutsideRole;
  readonly generations: readonly Generation[];
  /** Directories of the keys that are here, and of the certificates. */
  readonly keys: string;
  readonly certificates: string;
  readonly passphrase: string | undefined;
  readonly outside: readonly Signer[];
  readonly now: Date;
}

/**
 * The key of each generation of an authority, by its number. A generation that has its certificate has the key that is in
 * it, brought along or from the directory; one that is past needs none. A new generation takes the key that was brought
 * along and has no certificate yet, else one that is made in the directory.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID where a key is missing, is for nothing, or cannot sign for the role; KEY_…
 */
export function authorityKeys(options: AuthorityKeyOptions): ReadonlyMap<number, Signer> {
  const { role, generations, keys, certificates, passphrase, outside, now } = options;
  const certified = new Map<number, PublicKey>();
  for (const { number } of generations) {
    const path = join(certificates, `${generationName(role, number)}.crt.pem`);
    if (!existsSync(path)) continue;
    certified.set(number, parseCertificate(parsePem(readFileSync(path, 'utf8'), path)[0].bytes).publicKey);
  }
  const waiting = outside.filter(
    ({ publicKey }) => ![...certified.values()].some((key) => isSame(key, publicKey)),
  );
  const choose = ({ number, until }: Generation): Signer => {
    const certifiedKey = certified.get(number);
    const file = join(keys, `${generationName(role, number)}.pem`);
    if (certifiedKey === undefined) {
      const brought = waiting.shift();
      if (brought === undefined) return loadKey(keys, role, passphrase, number);
      checkOutside(role, brought.publicKey);
      return brought;
    }
    const brought = outside.find(({ publicKey }) => isSame(certifiedKey, publicKey));
    if (brought !== undefined) return brought;
    if (existsSync(file)) return loadKey(keys, role, passphrase, number);
    if (until !== undefined && until <= now) return retired(role, certifiedKey);
    throw invalid(`the key for ${role} is not in the data directory and is not given`, {
      expected: `${certifiedKey.fingerprint}, which was given when the authority began`,
      ...(outside.length === 0
        ? {}
        : { found: outside.map(({ publicKey }) => publicKey.fingerprint).join(', ') }),
      remedy: 'Start with that key: what it signed, and what clients trust, is verified with it.',
    });
  };
  const chosen = new Map(generations.map((one) => [one.number, choose(one)]));
  if (waiting.length > 0) {
    throw invalid(`the key that is given for ${role} is not the one that is in use`, {
      expected: [...certified.values()].map(({ fingerprint }) => fingerprint).join(', '),
      found: waiting[0]!.publicKey.fingerprint,
      remedy: `A new key is taken after a rotation: pratique sigstore rotate ${role.replace('-root', '')}`,
    });
  }
  return chosen;
}

function isSame(a: PublicKey, b: PublicKey): boolean {
  return equalBytes(a.spki, b.spki);
}

/** Nothing is asked of it any more: what is in use is a later generation. */
function retired(role: string, publicKey: PublicKey): Signer {
  return {
    publicKey,
    sign: () => {
      throw invalid(`the past key for ${role} is not given`, { expected: publicKey.fingerprint });
    },
  };
}

function checkOutside(role: OutsideRole, publicKey: PublicKey): void {
  // Few clients verify Ed25519 in a chain.
  if (publicKey.algorithm === 'ed25519') {
    throw invalid(`the key for ${role} signs certificates or timestamps, which is done with ECDSA or RSA`, {
      expected: 'ECDSA on P-256, P-384 or P-521, or RSA',
      found: publicKey.algorithm,
    });
  }
  // The digest of what is stamped and the one that is signed are one algorithm (RFC 5652 §5.4), here SHA-256.
  if (role === 'tsa' && signatureHash(publicKey) !== 'sha256') {
    throw invalid('the key that signs timestamps is one that signs with SHA-256', {
      expected: 'ECDSA on P-256, or RSA',
      found: publicKey.algorithm,
    });
  }
}

function invalid(
  message: string,
  more: { readonly expected?: string; readonly found?: string; readonly remedy?: string } = {},
) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', { message, ...more });
}
