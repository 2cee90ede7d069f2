import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  BundleError,
  parseJsonFile,
  RegoObject,
  type SigningKey,
  type VerificationKey,
} from '@pratique/rego';
import { readNamed } from './read-named.ts';

/** The bytes of a key: HMAC secrets stand on the command line, others in a PEM file (or, as in OPA, in its text). */
function keyText(value: string, algorithm: string, directory: string): string {
  if (algorithm.startsWith('HS')) return value;
  const path = resolve(directory, value);
  return !value.includes('-----BEGIN') && existsSync(path)
    ? new TextDecoder().decode(readNamed(value, directory))
    : value;
}

interface SigningFlags {
  readonly 'signing-key': string | undefined;
  readonly 'signing-alg': string;
  readonly 'claims-file': string | undefined;
}

/** What `--signing-key` and its like ask for; undefined without a key. */
export function signingKey(flags: SigningFlags, directory: string, keyId?: string): SigningKey | undefined {
  const key = flags['signing-key'];
  const claimsFile = flags['claims-file'];
  if (key === undefined) {
    if (claimsFile === undefined) return undefined;
    throw new BundleError(
      'bundle_signature',
      'specify the secret (HMAC) or path of the PEM file containing the private key: --signing-key',
    );
  }
  const algorithm = flags['signing-alg'];
  const signing = { key: keyText(key, algorithm, directory), algorithm };
  if (claimsFile === undefined) return keyId === undefined ? signing : { ...signing, keyId };
  const claims = parseJsonFile(readNamed(claimsFile, directory), claimsFile);
  if (!(claims instanceof RegoObject))
    throw new BundleError('bundle_signature', `${claimsFile}: not a JSON object`);
  // As in OPA, claims take the place of the key's name.
  return { ...signing, claims };
}

interface VerificationFlags {
  readonly 'verification-key': string | undefined;
  readonly 'signing-alg': string;
  readonly scope: string | undefined;
  readonly 'exclude-files-verify': readonly string[];
}

/** Whose signature bundles must have; undefined without `--verification-key`. */
export function verificationKey(flags: VerificationFlags, directory: string): VerificationKey | undefined {
  const key = flags['verification-key'];
  if (key === undefined) return undefined;
  const algorithm = flags['signing-alg'];
  return {
    key: keyText(key, algorithm, directory),
    algorithm,
    ...(flags.scope === undefined ? {} : { scope: flags.scope }),
    exclude: flags['exclude-files-verify'].flatMap((item) => item.split(',')),
  };
}
