import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { concatBytes, toHex } from '../encoding/bytes.ts';

/** Node has Ed25519 but not its pre-hashed form. The library takes 30 ms to load, and is, when first needed. */
let loaded: typeof import('@noble/curves/ed25519.js') | undefined;
function library(): typeof import('@noble/curves/ed25519.js') {
  loaded ??= createRequire(import.meta.url)(
    '@noble/curves/ed25519.js',
  ) as typeof import('@noble/curves/ed25519.js');
  return loaded;
}

/** The field's prime and the curve's constant (RFC 8032 §5.1). */
const p = 2n ** 255n - 19n;
const d = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
/** The second coordinate of a point of order 8; that of the others is its negative. */
const ofOrderEight = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** Second coordinates of the eight points whose order divides 8. */
const ofSmallOrder: readonly bigint[] = [0n, 1n, p - 1n, ofOrderEight, p - ofOrderEight];

/** Whether `value`, which is not 0, has a square root modulo p: Euler's criterion. */
function isSquare(value: bigint): boolean {
  let power = 1n;
  for (const bit of ((p - 1n) / 2n).toString(2)) {
    power = (power * power) % p;
    if (bit === '1') power = (power * value) % p;
  }
  return power === 1n;
}

/** True for a point of small order, and for bytes that are no point: with such a "key" signatures prove nothing. */
export function isSmallOrderPoint(point: Uint8Array): boolean {
  if (point.byteLength !== 32) return true;
  // Little endian, the highest bit is the sign of the first coordinate.
  const y = BigInt(`0x${toHex(point.toReversed())}`) & (2n ** 255n - 1n);
  if (y >= p || ofSmallOrder.includes(y)) return true;
  // x² = (y² - 1) / (d y² + 1). A quotient is a square when the product is.
  const square = (y * y) % p;
  return !isSquare(((square - 1n) * (d * square + 1n)) % p);
}

/** Bytes that separate the pre-hashed form, with an empty context, from all other uses of a key (RFC 8032 §5.1, dom2). */
const prehashedDomain = Buffer.from('SigEd25519 no Ed25519 collisions\x01\x00', 'latin1');

/** Ed25519ph over a hash that is known already: the library itself takes the message only. */
let digestVerifier:
  | { verify(signature: Uint8Array, digest: Uint8Array, point: Uint8Array): boolean }
  | undefined;
function verifierOfDigests(): NonNullable<typeof digestVerifier> {
  if (digestVerifier !== undefined) return digestVerifier;
  const { eddsa } = createRequire(import.meta.url)(
    '@noble/curves/abstract/edwards.js',
  ) as typeof import('@noble/curves/abstract/edwards.js');
  const sha512 = (bytes: Uint8Array) => new Uint8Array(createHash('sha512').update(bytes).digest());
  const hash = Object.assign(sha512, { outputLen: 64, blockLen: 128 }) as unknown as Parameters<
    typeof eddsa
  >[1];
  digestVerifier = eddsa(library().ed25519.Point, hash, {
    domain: (bytes: Uint8Array) => concatBytes(prehashedDomain, bytes),
    prehash: ((digest: Uint8Array) => digest) as unknown as Parameters<typeof eddsa>[1],
    zip215: false,
  });
  return digestVerifier;
}

/** Ed25519ph (RFC 8032 §5.1) with an empty context, over the SHA-512 of the data. */
export function verifyEd25519ph(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  try {
    return digest.byteLength === 64 && verifierOfDigests().verify(signature, digest, point);
  } catch {
    return false;
  }
}

/** Signs `data` with Ed25519ph and an empty context. `seed` is the private key, 32 bytes. */
export function signEd25519ph(seed: Uint8Array, data: Uint8Array): Uint8Array {
  return library().ed25519ph.sign(data, seed);
}
