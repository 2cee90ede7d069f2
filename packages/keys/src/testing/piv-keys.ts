import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
} from 'node:crypto';
import { concatBytes, derWriter } from '@pratique/crypto';

const { encodeDer, unsignedInteger } = derWriter;

/** A key in a card, with the algorithm’s number of SP 800-78-4, table 6-2. */
export interface CardKey {
  readonly algorithm: number;
  readonly privateKey: KeyObject;
  readonly policy: readonly [pin: number, touch: number];
  readonly isGenerated: boolean;
  /** Made once, so that who asks twice can compare. */
  attestation?: Uint8Array;
}

const curves: Readonly<Record<number, { readonly node: string; readonly order: bigint }>> = {
  17: {
    node: 'prime256v1',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  20: {
    node: 'secp384r1',
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
};
const rsaBits: Readonly<Record<number, number>> = { 7: 2048, 5: 3072, 22: 4096 };

export const isCurve = (algorithm: number): boolean => curves[algorithm] !== undefined;

/** Undefined where the card makes no keys of that algorithm. */
export function makePrivateKey(algorithm: number): KeyObject | undefined {
  const curve = curves[algorithm];
  if (curve !== undefined) return generateKeyPairSync('ec', { namedCurve: curve.node }).privateKey;
  const bits = rsaBits[algorithm];
  return bits === undefined ? undefined : generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
}

/** The public half in a card’s data objects. */
export function publicObjects({ privateKey }: Pick<CardKey, 'privateKey'>): Uint8Array {
  const { x, y, n, e } = createPublicKey(privateKey).export({ format: 'jwk' });
  const bytes = (value: string | undefined) => new Uint8Array(Buffer.from(value!, 'base64url'));
  if (n !== undefined) return concatBytes(encodeDer(0x81, bytes(n)), encodeDer(0x82, bytes(e)));
  return encodeDer(0x86, concatBytes(Uint8Array.of(4), bytes(x), bytes(y)));
}

/** A key on a curve, of its secret number. */
export function keyOfScalar(algorithm: number, scalar: Uint8Array): KeyObject {
  const ecdh = createECDH(curves[algorithm]!.node);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const half = (point.byteLength - 1) / 2;
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const jwk = {
    kty: 'EC',
    crv: algorithm === 0x11 ? 'P-256' : 'P-384',
    d: base64(scalar),
    x: base64(point.subarray(1, 1 + half)),
    y: base64(point.subarray(1 + half)),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** Signs what the card is given: a digest, or for RSA the whole block. */
export function signRaw({ algorithm, privateKey }: CardKey, input: Uint8Array): Uint8Array {
  const curve = curves[algorithm];
  if (curve !== undefined) return signEcdsa(curve, privateKey, input);
  return new Uint8Array(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, input));
}

/** ECDSA of a digest (FIPS 186-5 §6.4.1), which node:crypto only makes of what it hashed itself. */
function signEcdsa(
  { node, order }: { readonly node: string; readonly order: bigint },
  privateKey: KeyObject,
  digest: Uint8Array,
): Uint8Array {
  const { d } = privateKey.export({ format: 'jwk' });
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const secret = number(Buffer.from(d!, 'base64url'));
  const once = createECDH(node);
  const point = once.generateKeys();
  const size = (point.byteLength - 1) / 2;
  const r = number(point.subarray(1, 1 + size)) % order;
  const s =
    (inverse(number(once.getPrivateKey()), order) * (number(digest.subarray(0, size)) + r * secret)) % order;
  const encoded = (value: bigint) =>
    unsignedInteger(new Uint8Array(Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')));
  return derWriter.sequence(encoded(r), encoded(s));
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
