import { createRequire } from 'node:module';

/**
 * Node has Ed25519 but neither its pre-hashed form nor a test for small order. The library that has both takes 30 ms
 * to load, so it is loaded when the first Ed25519 key is met.
 */
let loaded: typeof import('@noble/curves/ed25519.js') | undefined;
function library(): typeof import('@noble/curves/ed25519.js') {
  loaded ??= createRequire(import.meta.url)(
    '@noble/curves/ed25519.js',
  ) as typeof import('@noble/curves/ed25519.js');
  return loaded;
}

/** True for a point of small order, and for bytes that are no point: with such a "key" signatures prove nothing. */
export function isSmallOrderPoint(point: Uint8Array): boolean {
  try {
    return library().ed25519.Point.fromBytes(point).isSmallOrder();
  } catch {
    return true;
  }
}

/** Ed25519ph (RFC 8032 §5.1) with an empty context over `data`; the hash is computed here. */
export function verifyEd25519ph(point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return library().ed25519ph.verify(signature, data, point, { zip215: false });
  } catch {
    return false;
  }
}
