/** Public keys and signature algorithms of certificates, numbered as Go numbers them. */
import { createPublicKey } from 'node:crypto';
import { rethrowOverflow } from '../../stack.ts';
import type { Value } from '../../values/index.ts';
import { bitsOf, children, DerError, type Element, inside, integerOf, oidOf, tag } from './der.ts';
import { bytes, integer, record, unsigned } from './go-values.ts';

/** `x509.PublicKeyAlgorithm`. */
const keyAlgorithms: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.1': 1,
  '1.2.840.10040.4.1': 2,
  '1.2.840.10045.2.1': 3,
  '1.3.101.112': 4,
};

export interface PublicKeyInfo {
  readonly algorithm: number;
  readonly value: Value;
}

/** The key in a SubjectPublicKeyInfo; a kind Go does not know is null. */
export function publicKeyInfo(element: Element): PublicKeyInfo {
  const reader = inside(element);
  const [type] = children(reader.next(tag.sequence));
  if (type === undefined) throw new DerError('x509: malformed certificate');
  const algorithm = keyAlgorithms[oidOf(type).join('.')] ?? 0;
  const key = bitsOf(reader.next(tag.bitString)).bytes;
  if (algorithm === 3) checkCurve(element);
  return { algorithm, value: keyValue(algorithm, key) };
}

const curves: ReadonlySet<string | undefined> = new Set([
  'secp224r1',
  'prime256v1',
  'secp384r1',
  'secp521r1',
]);

/** The curve must be one Go has, and the point on it. */
function checkCurve(info: Element): void {
  let curve: string | undefined;
  try {
    const key = createPublicKey({ key: Buffer.from(info.raw), format: 'der', type: 'spki' });
    curve = key.asymmetricKeyDetails?.namedCurve;
  } catch (error) {
    rethrowOverflow(error);
    throw new DerError('x509: point not on curve');
  }
  if (!curves.has(curve)) throw new DerError('x509: unsupported elliptic curve');
}

function keyValue(algorithm: number, key: Uint8Array): Value {
  switch (algorithm) {
    case 1: {
      const [modulus, exponent] = children(inside({ tag: 0, raw: key, content: key }).next(tag.sequence));
      const integers = modulus?.tag === tag.integer && exponent?.tag === tag.integer;
      if (!integers || integerOf(modulus) <= 0n || integerOf(exponent) <= 0n) {
        throw new DerError('x509: invalid RSA public key');
      }
      return record({ N: integer(integerOf(modulus)), E: integer(integerOf(exponent)) });
    }
    case 3: {
      const half = (key.length - 1) / 2;
      if (key[0] !== 4 || !Number.isInteger(half))
        throw new DerError('x509: failed to unmarshal elliptic curve point');
      return record({
        Curve: record({}),
        X: integer(unsigned(key.subarray(1, 1 + half))),
        Y: integer(unsigned(key.subarray(1 + half))),
      });
    }
    case 4:
      return bytes(key);
    default:
      return null;
  }
}

/** `x509.SignatureAlgorithm`. */
const signatureAlgorithms: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.4': 2,
  '1.2.840.113549.1.1.5': 3,
  '1.3.14.3.2.29': 3,
  '1.2.840.113549.1.1.11': 4,
  '1.2.840.113549.1.1.12': 5,
  '1.2.840.113549.1.1.13': 6,
  '1.2.840.10040.4.3': 7,
  '2.16.840.1.101.3.4.3.2': 8,
  '1.2.840.10045.4.1': 9,
  '1.2.840.10045.4.3.2': 10,
  '1.2.840.10045.4.3.3': 11,
  '1.2.840.10045.4.3.4': 12,
  '1.3.101.112': 16,
};

const pssHashes: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.2.1': 13,
  '2.16.840.1.101.3.4.2.2': 14,
  '2.16.840.1.101.3.4.2.3': 15,
};

/** The number of an AlgorithmIdentifier; 0 where Go does not know it. */
export function signatureAlgorithm(element: Element): number {
  const [type, parameters] = children(element);
  if (type === undefined) throw new DerError('x509: malformed certificate');
  const name = oidOf(type).join('.');
  if (name !== '1.2.840.113549.1.1.10') return signatureAlgorithms[name] ?? 0;
  // RSASSA-PSS: the hash is in its parameters.
  const hash = parameters?.tag === tag.sequence ? children(parameters)[0] : undefined;
  const identifier = hash === undefined ? undefined : children(hash)[0];
  const inner = identifier === undefined ? undefined : children(identifier)[0];
  return inner === undefined ? 0 : (pssHashes[oidOf(inner).join('.')] ?? 0);
}
