/** Keys for tokens: a PEM certificate or public key, a JWK or a JWK set (RFC 7517). */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { rethrowOverflow } from '../../stack.ts';
import { type Json, RegoArray, RegoObject, toJson } from '../../values/index.ts';
import { parseJson } from '../encoding/json.ts';
import { quote } from '../go/quote.ts';
import { BuiltinError } from '../types.ts';
import { nextPem } from '../x509/pem.ts';
import { isAlgorithm } from './algorithms.ts';

export interface TokenKey {
  readonly alg: string;
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys a token may be verified with. Throws the error OPA gives. */
export function verificationKeys(text: string): readonly TokenKey[] {
  const pem = text.trimStart().startsWith('-----BEGIN') ? nextPem(text) : undefined;
  if (pem !== undefined) {
    if (pem.rest !== '') throw new BuiltinError('extra data after a PEM certificate block');
    return [{ alg: '', kid: '', key: pemKey(pem.block.type, pem.block.bytes) }];
  }
  return jwks(text, 'failed to parse a JWK key (set): ').filter(({ alg }) => alg === '' || isAlgorithm(alg));
}

function pemKey(type: string, der: Uint8Array): KeyObject {
  const bytes = Buffer.from(der);
  if (type === 'CERTIFICATE') {
    return parsed(
      'failed to parse a PEM certificate: x509: malformed certificate',
      () => new X509Certificate(bytes).publicKey,
    );
  }
  if (type !== 'PUBLIC KEY') throw new BuiltinError('failed to extract a Key from the PEM certificate');
  return parsed('failed to parse a PEM public key: x509: malformed public key', () => {
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  });
}

function parsed(message: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (error) {
    rethrowOverflow(error);
    throw new BuiltinError(message);
  }
}

/** Names that JSON Web Algorithms (RFC 7518, 8037, 8812) gives to a key's algorithm, those for encryption included. */
const knownAlgorithm =
  /^(?:[REPH]S(?:256|384|512)|ES256K|EdDSA|none|dir|RSA1_5|RSA-OAEP(?:-256|-384|-512)?|A(?:128|192|256)(?:GCM)?KW|ECDH-ES(?:\+A(?:128|192|256)KW)?|PBES2-HS(?:256\+A128|384\+A192|512\+A256)KW)$/;

/** Keys of a JWK or JWK set. Private ones stay private. */
export function jwks(text: string, errorPrefix: string): readonly TokenKey[] {
  const document = documentOf(text, errorPrefix);
  const set = document.get('keys');
  const members = set instanceof RegoArray ? set.items : [document];
  return members.map((member) => {
    if (!(member instanceof RegoObject)) throw new BuiltinError(`${errorPrefix}key is not an object`);
    const label = (name: string) => {
      const value = member.get(name);
      return typeof value === 'string' ? value : '';
    };
    const alg = label('alg');
    if (alg !== '' && !knownAlgorithm.test(alg))
      throw new BuiltinError(`${errorPrefix}unknown algorithm ${quote(alg)}`);
    return { alg, kid: label('kid'), key: keyObject(toJson(member), errorPrefix) };
  });
}

function documentOf(text: string, errorPrefix: string): RegoObject {
  try {
    const document = parseJson(text);
    if (document instanceof RegoObject) return document;
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error;
    throw new BuiltinError(`${errorPrefix}${error.message}`);
  }
  throw new BuiltinError(`${errorPrefix}not a JSON object`);
}

function keyObject(json: Json, errorPrefix: string): KeyObject {
  const jwk = json as { kty?: string; k?: string; d?: string };
  try {
    if (jwk.kty === 'oct') {
      if (typeof jwk.k !== 'string') throw new TypeError('k is missing');
      return createSecretKey(Buffer.from(jwk.k, 'base64url'));
    }
    const input = { key: json as Record<string, Json>, format: 'jwk' } as Parameters<
      typeof createPublicKey
    >[0];
    return typeof jwk.d === 'string'
      ? createPrivateKey(input as Parameters<typeof createPrivateKey>[0])
      : createPublicKey(input);
  } catch (error) {
    rethrowOverflow(error);
    throw new BuiltinError(`${errorPrefix}failed to unmarshal key of type "${String(jwk.kty ?? '')}"`);
  }
}
