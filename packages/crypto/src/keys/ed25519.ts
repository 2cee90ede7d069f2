import { createRequire } from 'node:module';
import { toHex } from '../encoding/bytes.ts';

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

/** Ed25519ph (RFC 8032 §5.1) with an empty context over `data`; the hash is computed here. */
export function verifyEd25519ph(point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return library().ed25519ph.verify(signature, data, point, { zip215: false });
  } catch {
    return false;
  }
}
