import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  equalBytes,
  formatPublicKey,
  type PublicKey,
  parseCertificate,
  parsePem,
  parsePublicKey,
  type Signer,
} from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import type { Generation } from './generations.ts';
import { generationName, loadKey, type Role } from './keys.ts';

/** Roles whose keys may be elsewhere than in the data directory. */
export const outsideRoles = [
  'fulcio-root',
  'fulcio',
  'tsa-root',
  'tsa',
  'rekor',
  'rekor-v2',
  'ctlog',
] as const satisfies readonly Role[];
export type OutsideRole = (typeof outsideRoles)[number];
/** Keys that were brought along, by what they sign; several where there were rotations. */
export type OutsideKeys = Readonly<Partial<Record<OutsideRole, readonly Signer[]>>>;

export interface RoleKeyOptions<R extends OutsideRole = OutsideRole> {
  readonly role: R;
  readonly generations: readonly Generation[];
  /** Directory of the keys that are here, and of the public halves of those that are not. */
  readonly keys: string;
  readonly passphrase: string | undefined;
  readonly outside: readonly Signer[];
  readonly now: Date;
}

/**
 * The key of each generation of an authority, by its number. What was published of a generation is its certificate, in
 * the directory `certificates`.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID where a key is missing, is for nothing, or cannot sign for the role; KEY_…
 */
export function authorityKeys(
  options: RoleKeyOptions<'fulcio-root' | 'fulcio' | 'tsa-root' | 'tsa'>,
  certificates: string,
): ReadonlyMap<number, Signer> {
  const published = new Map<number, PublicKey>();
  for (const { number } of options.generations) {
    const path = join(certificates, `${generationName(options.role, number)}.crt.pem`);
    if (!existsSync(path)) continue;
    published.set(number, parseCertificate(parsePem(readFileSync(path, 'utf8'), path)[0].bytes).publicKey);
  }
  return chooseKeys(options, published);
}

/**
 * The key of each generation of a log, by its number. The public half of one that was brought along is kept beside the
 * other keys from then on.
 *
 * @throws what `authorityKeys` throws
 */
export function logKeys(
  options: RoleKeyOptions<'rekor' | 'rekor-v2' | 'ctlog'>,
): ReadonlyMap<number, Signer> {
  const { role, generations, keys, passphrase } = options;
  const fileOf = (number: number, ending: 'pem' | 'pub') =>
    join(keys, `${generationName(role, number)}.${ending}`);
  const known = new Map<number, PublicKey>();
  for (const { number } of generations) {
    const path = fileOf(number, 'pub');
    if (existsSync(path)) known.set(number, parsePublicKey(readFileSync(path, 'utf8')));
    else if (existsSync(fileOf(number, 'pem')))
      known.set(number, loadKey(keys, role, passphrase, number).publicKey);
  }
  const chosen = chooseKeys(options, known);
  for (const [number, { publicKey }] of chosen) {
    if (!known.has(number) && !existsSync(fileOf(number, 'pem')))
      replaceFile(fileOf(number, 'pub'), formatPublicKey(publicKey));
  }
  return chosen;
}

/**
 * A generation that is known by its public key has that key, brought along or from the directory; one that is past needs
 * none. A new generation takes the key that was brought along and is not known yet, else one that is made in the directory.
 */
function chooseKeys(
  { role, generations, keys, passphrase, outside, now }: RoleKeyOptions,
  known: ReadonlyMap<number, PublicKey>,
): ReadonlyMap<number, Signer> {
  const waiting = outside.filter(
    ({ publicKey }) => ![...known.values()].some((key) => isSame(key, publicKey)),
  );
  const choose = ({ number, until }: Generation): Signer => {
    const knownKey = known.get(number);
    const file = join(keys, `${generationName(role, number)}.pem`);
    if (knownKey === undefined) {
      const brought = waiting.shift();
      if (brought === undefined) return loadKey(keys, role, passphrase, number);
      checkOutside(role, brought.publicKey);
      return brought;
    }
    const brought = outside.find(({ publicKey }) => isSame(knownKey, publicKey));
    if (brought !== undefined) return brought;
    if (existsSync(file)) return loadKey(keys, role, passphrase, number);
    if (until !== undefined && until <= now) return retired(role, knownKey);
    throw invalid(`the key for ${role} is not in the data directory and is not given`, {
      expected: `${knownKey.fingerprint}, which was given when its time began`,
      ...(outside.length === 0
        ? {}
        : { found: outside.map(({ publicKey }) => publicKey.fingerprint).join(', ') }),
      remedy: 'Start with that key: what it signed, and what clients trust, is verified with it.',
    });
  };
  const chosen = new Map(generations.map((one) => [one.number, choose(one)]));
  if (waiting.length > 0) {
    throw invalid(`the key that is given for ${role} is not the one that is in use`, {
      expected: [...known.values()].map(({ fingerprint }) => fingerprint).join(', '),
      found: waiting[0]!.publicKey.fingerprint,
      remedy: `A new key is taken after a rotation: pratique sigstore rotate ${role.replace('-root', '')}`,
    });
  }
  return chosen;
}

function isSame(a: PublicKey, b: PublicKey): boolean {
  return equalBytes(a.spki, b.spki);
}

/** What is in use is a later generation. Only Rekor v1 has it sign once more: promises of entries of its time. */
function retired(role: string, publicKey: PublicKey): Signer {
  return {
    publicKey,
    sign: () => {
      throw invalid(`the past key for ${role} is not given`, { expected: publicKey.fingerprint });
    },
  };
}

function checkOutside(role: OutsideRole, { algorithm }: PublicKey): void {
  switch (role) {
    case 'rekor':
    case 'ctlog':
      // SETs are ECDSA with SHA-256, as are the timestamps and heads that certificate logs sign (RFC 6962 §2.1.4).
      if (algorithm === 'ecdsa-p256') return;
      throw invalid(`the key for ${role} is one that clients verify promises with`, {
        expected: 'ECDSA on P-256',
        found: algorithm,
      });
    case 'rekor-v2':
      if (algorithm === 'ed25519' || algorithm === 'ecdsa-p256') return;
      throw invalid('the key for rekor-v2 is one that clients verify checkpoints with', {
        expected: 'Ed25519, or ECDSA on P-256',
        found: algorithm,
      });
    case 'tsa':
      // The digest of what is stamped and the one that is signed are one algorithm (RFC 5652 §5.4), here SHA-256.
      if (algorithm === 'ecdsa-p256' || algorithm === 'rsa') return;
      throw invalid('the key that signs timestamps is one that signs with SHA-256', {
        expected: 'ECDSA on P-256, or RSA',
        found: algorithm,
      });
    default:
      // Few clients verify Ed25519 in a chain.
      if (algorithm !== 'ed25519') return;
      throw invalid(`the key for ${role} signs certificates, which is done with ECDSA or RSA`, {
        expected: 'ECDSA on P-256, P-384 or P-521, or RSA',
        found: algorithm,
      });
  }
}

function invalid(
  message: string,
  more: { readonly expected?: string; readonly found?: string; readonly remedy?: string } = {},
) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', { message, ...more });
}
