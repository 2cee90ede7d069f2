/** The constraints of `io.jwt.decode_verify`. */
import { createSecretKey } from 'node:crypto';
import {
  compare,
  isNumber,
  numberFromDouble,
  RegoArray,
  type RegoObject,
  toDouble,
  type Value,
} from '../../values/index.ts';
import { utf8Bytes } from '../go/utf8.ts';
import { BuiltinError } from '../types.ts';
import { verifySignature } from './algorithms.ts';
import { type TokenKey, verificationKeys } from './keys.ts';

export interface Constraints {
  readonly keys: readonly TokenKey[] | undefined;
  readonly secret: string;
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Nanoseconds since 1970. */
  readonly time: number;
}

export function parseConstraints(object: RegoObject, now: bigint): Constraints {
  let keys: readonly TokenKey[] | undefined;
  let time: number | undefined;
  const texts = { secret: '', alg: '', iss: '', aud: '' };
  for (const [name, value] of object.entries()) {
    if (name === 'cert') keys = verificationKeys(textConstraint(name, value));
    else if (name === 'time') time = timeConstraint(value);
    else if (typeof name === 'string' && Object.hasOwn(texts, name)) {
      texts[name as keyof typeof texts] = textConstraint(name, value);
    } else throw new BuiltinError(`unknown token validation constraint: ${String(name)}`);
  }
  if (keys !== undefined && texts.secret !== '') throw new BuiltinError('duplicate key constraints');
  if (keys === undefined && texts.secret === '') throw new BuiltinError('no key constraint');
  return { keys, ...texts, time: time ?? Number(now) };
}

function textConstraint(name: string, value: Value): string {
  if (typeof value === 'string') return value;
  throw new BuiltinError(`${name} constraint: must be a string`);
}

function timeConstraint(value: Value): number {
  if (!isNumber(value)) throw new BuiltinError('token time constraint: must be a number');
  const time = toDouble(value);
  if (time < 0) throw new BuiltinError('token time constraint: must not be negative');
  return time;
}

/** Is the text signed with one of the keys? A key with the token's `kid` is the only one tried. */
export function signatureHolds(
  constraints: Constraints,
  header: { readonly alg: string; readonly kid: string },
  text: string,
  signature: Uint8Array,
): boolean {
  const { keys } = constraints;
  if (keys === undefined) {
    return verifySignature(header.alg, createSecretKey(utf8Bytes(constraints.secret)), text, signature);
  }
  const named = header.kid === '' ? undefined : keys.find(({ kid }) => kid === header.kid);
  const candidates =
    named === undefined ? keys.filter(({ alg }) => alg === '' || alg === header.alg) : [named];
  return candidates.some(({ key }) => verifySignature(header.alg, key, text, signature));
}

/** Do the registered claims (RFC 7519 section 4.1) meet the constraints? */
export function claimsHold(constraints: Constraints, payload: RegoObject): boolean {
  if (constraints.iss !== '' && payload.get('iss') !== constraints.iss) return false;
  const audience = payload.get('aud');
  if (audience === undefined ? constraints.aud !== '' : !inAudience(constraints.aud, audience)) return false;
  const seconds = numberFromDouble(constraints.time / 1_000_000_000);
  const expiry = timeClaim(payload, 'exp');
  if (expiry !== undefined && compare(seconds, expiry) >= 0) return false;
  const notBefore = timeClaim(payload, 'nbf');
  return notBefore === undefined || compare(seconds, notBefore) >= 0;
}

function inAudience(wanted: string, audience: Value): boolean {
  return audience instanceof RegoArray ? audience.items.includes(wanted) : audience === wanted;
}

function timeClaim(payload: RegoObject, name: string): Value | undefined {
  const value = payload.get(name);
  if (value !== undefined && !isNumber(value)) throw new BuiltinError(`${name} value must be a number`);
  return value;
}
