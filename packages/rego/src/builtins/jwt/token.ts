/** Compact JWS tokens (RFC 7515, 7519), taken apart with OPA's error texts. */
import { RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { base64UrlDecode } from '../encoding/binary.ts';
import { parseJson } from '../encoding/json.ts';
import { textOfBytes } from '../go/utf8.ts';
import { stringOperand } from '../operands.ts';
import { BuiltinError } from '../types.ts';

/** The three parts of a token, still encoded. */
export interface Token {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

export function splitToken(operand: Value): Token {
  const text = stringOperand(operand, 1);
  if (!text.includes('.')) throw new BuiltinError('encoded JWT had no period separators');
  const [header, payload, signature, ...rest] = text.split('.');
  if (signature === undefined || rest.length > 0) {
    throw new BuiltinError(`encoded JWT must have 3 sections, found ${text.split('.').length}`);
  }
  return { header: header!, payload: payload!, signature };
}

/** The signed bytes. */
export function signedText(token: Token): string {
  return `${token.header}.${token.payload}`;
}

export function decodeHeader(token: Token): RegoObject {
  const text = textOfBytes(decodePart('header', token.header));
  const header = prefixed('bad JWT header: ', () => jsonObject(text));
  // An encrypted token (RFC 7516 section 9).
  if (header.has('enc')) throw new BuiltinError('JWT is a JWE object, which is not supported');
  return header;
}

export function decodePart(name: 'header' | 'payload' | 'signature', encoded: string): Uint8Array {
  return prefixed(`JWT ${name} had invalid encoding: `, () => base64UrlDecode(encoded));
}

/** A JSON object; of members with one name the last counts. */
export function jsonObject(text: string): RegoObject {
  const value = prefixed('invalid JSON: ', () => parseJson(text));
  if (value instanceof RegoObject) return value;
  throw new BuiltinError('decoded JSON type was not an Object');
}

function prefixed<Result>(prefix: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof BuiltinError) throw new BuiltinError(prefix + error.message);
    throw error;
  }
}

/** The header parameters that verification looks at. */
export interface HeaderParameters {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** Critical parameters (RFC 7515 section 4.1.11) that nobody here understands. */
  readonly unknownCritical: boolean;
}

const known: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'cty', 'crit']);

export function headerParameters(header: RegoObject): HeaderParameters {
  const text = (name: string): string => {
    const value = header.get(name) ?? '';
    if (typeof value !== 'string') throw new BuiltinError(`${name}: must be a string`);
    return value;
  };
  const critical = criticalParameters(header.get('crit'));
  text('typ');
  return {
    alg: text('alg'),
    kid: text('kid'),
    cty: text('cty'),
    unknownCritical: critical.some((name) => header.has(name) && !known.has(name)),
  };
}

function criticalParameters(value: Value | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!(value instanceof RegoArray)) throw new BuiltinError('crit: must be a list');
  const names = value.items.filter((item) => typeof item === 'string');
  if (names.length === 0) throw new BuiltinError('crit: must be a nonempty list');
  return names;
}
