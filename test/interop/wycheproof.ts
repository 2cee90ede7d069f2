/**
 * Signatures as an attacker would make them, from Project Wycheproof: every one it says is valid, and no other, by
 * each of our ways to verify: of data, of a digest alone, and of P-384 by a table of the key's multiples.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { digest, type HashAlgorithm } from '../../packages/crypto/src/encoding/digest.ts';
import { type PublicKey, parsePublicKey } from '../../packages/crypto/src/keys/public-key.ts';
import { type SignatureScheme, verifySignature } from '../../packages/crypto/src/keys/verify.ts';
import { verifyDigestSignature } from '../../packages/crypto/src/keys/verify-digest.ts';
import { P384Verifier } from '../../packages/crypto/src/p384/verify.ts';
import type { Context, Scenario } from '../support/context.ts';
import { fetchGoModule } from '../tools/go.ts';

const vectors = {
  module: 'github.com/c2sp/wycheproof',
  version: '0.0.0-20260902155932-3fa63dd0344a',
  sum: 'h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c=',
};

/** Of a file of vectors what is read here (schemas/ of the project). */
interface Vectors {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly publicKey: { readonly publicExponent?: string };
    readonly tests: readonly Vector[];
  }[];
}
interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/** Files by the scheme their signatures are made with. */
const suites: readonly (readonly [file: string, scheme: SignatureScheme])[] = [
  ['ecdsa_secp256r1_sha256', 'ecdsa-sha256'],
  ['ecdsa_secp256r1_sha512', 'ecdsa-sha512'],
  ['ecdsa_secp384r1_sha256', 'ecdsa-sha256'],
  ['ecdsa_secp384r1_sha384', 'ecdsa-sha384'],
  ['ecdsa_secp384r1_sha512', 'ecdsa-sha512'],
  ['ecdsa_secp521r1_sha512', 'ecdsa-sha512'],
  ['ed25519', 'ed25519'],
  ...[2048, 3072, 4096].flatMap((bits) =>
    (['sha256', 'sha384', 'sha512'] as const).map(
      (hash) => [`rsa_signature_${bits}_${hash}`, `rsa-pkcs1v15-${hash}`] as const,
    ),
  ),
  ['rsa_pss_2048_sha256_mgf1_32', 'rsa-pss-sha256'],
  ['rsa_pss_2048_sha384_mgf1_48', 'rsa-pss-sha384'],
  ['rsa_pss_3072_sha256_mgf1_32', 'rsa-pss-sha256'],
  ['rsa_pss_4096_sha256_mgf1_32', 'rsa-pss-sha256'],
  ['rsa_pss_4096_sha384_mgf1_48', 'rsa-pss-sha384'],
  ['rsa_pss_4096_sha512_mgf1_64', 'rsa-pss-sha512'],
];

const EXPONENT_3 = 'KEY_UNSUPPORTED: the public key is an RSA key with exponent 3';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** The key, or why it is refused. */
function readKey(der: string): PublicKey | string {
  try {
    return parsePublicKey(fromHex(der));
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

export function scenarios(_context: Context): Scenario[] {
  return suites.map(([file, scheme]) => ({
    name: `wycheproof ${file}: what is valid is accepted, and nothing else`,
    run: async () => {
      const directory = await fetchGoModule(cacheDirectory(), vectors.module, vectors.version, vectors.sum);
      const path = join(directory, 'testvectors_v1', `${file}_test.json`);
      check(JSON.parse(readFileSync(path, 'utf8')) as Vectors, scheme);
    },
  }));
}

/** Keys a verifier has room for. */
const roomFor = 8;

function check({ testGroups, numberOfTests }: Vectors, scheme: SignatureScheme): void {
  const wrong: string[] = [];
  let count = 0;
  let tables: P384Verifier | undefined;
  for (const [index, { publicKeyDer, publicKey, tests }] of testGroups.entries()) {
    const key = readKey(publicKeyDer);
    count += tests.length;
    // Nobody should sign with such a key, and some that verify it can be deceived: it is refused by itself.
    if (publicKey.publicExponent === '03') equal(key, EXPONENT_3);
    else if (typeof key === 'string') wrong.push(`a key is refused: ${key}`);
    else {
      if (index % roomFor === 0 && key.algorithm === 'ecdsa-p384') tables = new P384Verifier();
      wrong.push(...tests.flatMap((vector) => judge(vector, key, scheme, tables)));
    }
  }
  ok(count === numberOfTests && count > 0, `${count} of ${numberOfTests} read`);
  deepEqual(wrong, []);
}

/** What answers otherwise than the vector says. */
function judge(
  { tcId, comment, flags, result, msg, sig }: Vector,
  key: PublicKey,
  scheme: SignatureScheme,
  tables: P384Verifier | undefined,
): string[] {
  const [data, signature] = [fromHex(msg), fromHex(sig)];
  const hash = scheme.slice(-6) as HashAlgorithm;
  const answers: Record<string, boolean> = {
    data: verifySignature(key, data, signature, [scheme]) !== null,
  };
  if (scheme.startsWith('ecdsa-') || scheme.startsWith('rsa-pkcs1v15-'))
    answers.digest = verifyDigestSignature(key, hash, digest(hash, data), signature) !== null;
  if (tables !== undefined) answers.tables = tables.accepts(key, digest(hash, data), signature);
  return Object.entries(answers)
    .filter(([, accepted]) => accepted !== (result === 'valid'))
    .map(([way]) => `${way}: ${tcId} is ${result} (${comment}; ${flags.join(', ')})`);
}
