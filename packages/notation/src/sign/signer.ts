import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type Certificate, concatBytes, readDer, type Signer, type SigningKey } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { chainProblem } from '../certificate/chain.ts';
import { type Algorithm, algorithmOf, algorithms } from '../envelope/algorithm.ts';
import { notationErrors } from '../errors.ts';
import { readCertificates } from '../trust/store.ts';

/** Who signs: a key, and the chain that says whose it is. */
export interface NotationSigner {
  readonly algorithm: Algorithm;
  /** The signer's certificate first, the root last. */
  readonly chain: readonly [Certificate, ...Certificate[]];
  /** A signature in the form of JOSE and COSE. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * Signs with a key, and its certificate with the chain behind it, in order. The chain has to meet the rules that verifiers
 * have, and to be valid at `now`. A key that is elsewhere is ECDSA: for RSA, tokens and services make PKCS #1 v1.5.
 *
 * @throws NOTATION_KEY_UNUSABLE
 */
export function chainSigner(key: Signer, certificates: Uint8Array, now: Date): NotationSigner {
  const chain = readChain(certificates);
  const problem = chainProblem(chain, 'signing');
  if (problem !== null) throw unusable(`the certificate chain cannot be used: ${problem}`);
  const [leaf] = chain;
  if (leaf.publicKey.fingerprint !== key.publicKey.fingerprint)
    throw unusable(
      'the first certificate is for another key',
      key.publicKey.fingerprint,
      leaf.publicKey.fingerprint,
    );
  const invalid = chain.find(({ validFrom, validUntil }) => now < validFrom || now > validUntil);
  if (invalid !== undefined)
    throw unusable(
      'a certificate of the chain is not valid now',
      `a time from ${invalid.validFrom.toISOString()} to ${invalid.validUntil.toISOString()}`,
      now.toISOString(),
    );
  // The chain's rules have seen that it is one that signs.
  const algorithm = algorithmOf(leaf.publicKey)!;
  if (isHere(key)) {
    const object = createPrivateKey({ key: Buffer.from(key.exportPkcs8()), format: 'der', type: 'pkcs8' });
    return { algorithm, chain, sign: (data) => signWith(object, algorithm, data) };
  }
  const { half } = algorithms[algorithm];
  if (half === null)
    throw unusable('an RSA key in a token or a key service does not sign with PSS', 'an ECDSA key', 'rsa');
  return { algorithm, chain, sign: async (data) => fixedWidth(await key.sign(data), half) };
}

function isHere(key: Signer): key is SigningKey {
  return 'exportPkcs8' in key;
}

/** `r` and `s` one after the other, as JOSE and COSE write them, of a signature in DER. */
function fixedWidth(der: Uint8Array, half: number): Uint8Array {
  const numbers = readDer(der);
  const [r, s] = [numbers.positiveInteger(), numbers.positiveInteger()];
  const padded = (part: Uint8Array) => concatBytes(new Uint8Array(half - part.byteLength), part);
  return concatBytes(padded(r), padded(s));
}

/** Signs with a key in the algorithm that goes with it. */
export function signWith(key: KeyObject, algorithm: Algorithm, data: Uint8Array): Uint8Array {
  const { hash, half } = algorithms[algorithm];
  const options =
    half === null
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { dsaEncoding: 'ieee-p1363' as const };
  return new Uint8Array(sign(hash, data, { key, ...options }));
}

function readChain(bytes: Uint8Array): readonly [Certificate, ...Certificate[]] {
  try {
    return readCertificates(bytes) as readonly [Certificate, ...Certificate[]];
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw unusable(error.message);
  }
}

function unusable(message: string, expected?: string, found?: string) {
  return notationErrors.error('NOTATION_KEY_UNUSABLE', {
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}
