import { getFips } from 'node:crypto';
import { PratiqueError } from '@pratique/errors';
import { readDer } from '../der/reader.ts';
import { toHex } from '../encoding/bytes.ts';
import { digest, type HashAlgorithm } from '../encoding/digest.ts';
import { prime } from './field.ts';
import { inverse } from './inverse.ts';
import { Multiples, type Point } from './multiples.ts';

/** Order and base point of P-384 (SP 800-186 §3.2.1.4). */
export const order =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
export const basePoint: Point = {
  x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
  y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
};

/** Keys with a table at one time. */
const maxKeys = 8;

/** A key on P-384: SubjectPublicKeyInfo with a point that is on the curve and not compressed. */
export interface P384Key {
  readonly spki: Uint8Array;
}

/**
 * ECDSA on P-384 (FIPS 186-5 §6.4.2) for keys whose signatures are checked again and again, such as that of a
 * certificate authority.
 *
 * It can only say that a signature is good: `false` means that it is bad, or not worked out here (a rare case of the
 * formula, too many keys), and that OpenSSL has to say. Works on public values and is not in constant time.
 */
export class P384Verifier {
  readonly #multiples = new Multiples(1 + maxKeys);
  readonly #base = this.#multiples.add(basePoint);
  /** Tables by key; null where there was no room. */
  readonly #tables = new WeakMap<P384Key, number | null>();
  /** Leaves the tables of keys that are gone to others. */
  readonly #gone = new FinalizationRegistry<number>((table) => {
    this.#multiples.remove(table);
  });

  accepts(key: P384Key, digest: Uint8Array, signature: Uint8Array): boolean {
    const numbers = readSignature(signature);
    const table = this.#tableOf(key);
    if (numbers === null || table === null || this.#base === null) return false;
    const { r, s } = numbers;
    const w = inverse(s, order);
    // Its leftmost 384 bits.
    const e = toNumber(digest.subarray(0, 48));
    const { x, z } = this.#multiples.sum([
      [this.#base, (e * w) % order],
      [table, (r * w) % order],
    ]);
    if (z === 0n) return false;
    // x / z² modulo the prime has to be r modulo the order, which is a little less than the prime.
    const isFirst = (candidate: bigint) => candidate < prime && (candidate * z * z - x) % prime === 0n;
    return isFirst(r) || isFirst(r + order);
  }

  #tableOf(key: P384Key): number | null {
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = this.#multiples.add(pointOf(key));
    if (table !== null) this.#gone.register(key, table);
    this.#tables.set(key, table);
    return table;
  }
}

/** After so many signatures a key has cost as much as its table will. */
export const oftenChecked = 64;
const checks = new WeakMap<P384Key, number>();
let verifier: P384Verifier | null | undefined;

/**
 * Whether a signature is good, for keys that have already had many; `false` where OpenSSL has to say. Where OpenSSL is
 * bound to FIPS 140 it has to say everything.
 */
export function acceptsOften(
  key: P384Key,
  hash: HashAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const count = checks.get(key) ?? 0;
  if (count < oftenChecked) {
    checks.set(key, count + 1);
    return false;
  }
  if (verifier === undefined) verifier = createVerifier();
  return verifier?.accepts(key, digest(hash, data), signature) ?? false;
}

function createVerifier(): P384Verifier | null {
  // Node without a compiler (`--jitless`) has no WebAssembly.
  if (getFips() === 1 || typeof WebAssembly === 'undefined') return null;
  try {
    return new P384Verifier();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Both numbers of a strict DER `SEQUENCE { r, s }`, between 0 and the order; null if it is none. */
function readSignature(signature: Uint8Array): { readonly r: bigint; readonly s: bigint } | null {
  try {
    const sequence = readDer(signature);
    const [r, s] = [toNumber(sequence.positiveInteger()), toNumber(sequence.positiveInteger())];
    sequence.end();
    return r > 0n && r < order && s > 0n && s < order ? { r, s } : null;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return null;
  }
}

function pointOf({ spki }: P384Key): Point {
  return { x: toNumber(spki.subarray(-96, -48)), y: toNumber(spki.subarray(-48)) };
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
