/** Private keys: as Go shows its structures (`crypto.parse_private_keys`) and as JWK. */
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { rethrowOverflow } from '../../stack.ts';
import { RegoArray, type Value } from '../../values/index.ts';
import { utf8Bytes } from '../go/utf8.ts';
import { BuiltinError } from '../types.ts';
import { bytes, integer, record, unsigned } from './go-values.ts';
import { nextPem } from './pem.ts';

const types = {
  'RSA PRIVATE KEY': { format: 'der', type: 'pkcs1' },
  'EC PRIVATE KEY': { format: 'der', type: 'sec1' },
  'PRIVATE KEY': { format: 'der', type: 'pkcs8' },
} as const;

/** The keys in PEM text (or base64 of it); blocks of other types are passed over. */
export function privateKeysOf(text: string): readonly KeyObject[] {
  const decoded = /^[A-Za-z0-9+/=\r\n]*$/.test(text) ? Buffer.from(text, 'base64').toString('latin1') : text;
  const keys: KeyObject[] = [];
  for (let next = nextPem(decoded); next !== undefined; next = nextPem(next.rest)) {
    const { type } = next.block;
    if (!Object.hasOwn(types, type)) continue;
    keys.push(parseKey(next.block.bytes, type as keyof typeof types));
  }
  return keys;
}

export function parseKey(der: Uint8Array, type: keyof typeof types): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), ...types[type] });
  } catch (error) {
    rethrowOverflow(error);
    throw new BuiltinError(`x509: failed to parse private key (${type})`);
  }
}

/** The key as Go's JSON of `rsa.PrivateKey`, `ecdsa.PrivateKey` or `ed25519.PrivateKey`. */
export function privateKeyValue(key: KeyObject): Value {
  const jwk = key.export({ format: 'jwk' });
  const big = (text: string | undefined) => integer(unsigned(Buffer.from(text ?? '', 'base64url')));
  switch (jwk.kty) {
    case 'RSA':
      return record({
        N: big(jwk.n),
        E: big(jwk.e),
        D: big(jwk.d),
        Primes: new RegoArray([big(jwk.p), big(jwk.q)]),
        Precomputed: record({
          Dp: big(jwk.dp),
          Dq: big(jwk.dq),
          Qinv: big(jwk.qi),
          CRTValues: new RegoArray([]),
        }),
      });
    case 'EC':
      return record({ Curve: record({}), X: big(jwk.x), Y: big(jwk.y), D: big(jwk.d) });
    default:
      return bytes(
        Buffer.concat([Buffer.from(jwk.d ?? '', 'base64url'), Buffer.from(jwk.x ?? '', 'base64url')]),
      );
  }
}

/** The key as a JWK (RFC 7517). */
export function jwkValue(key: KeyObject): Value {
  const jwk: JsonWebKey = key.export({ format: 'jwk' });
  return record(
    Object.fromEntries(Object.entries(jwk).filter(([, part]) => typeof part === 'string')) as Record<
      string,
      string
    >,
  );
}

/** The text's bytes as a string of byte values, for looking at PEM. */
export function pemText(text: string): string {
  return Buffer.from(utf8Bytes(text)).toString('latin1');
}
