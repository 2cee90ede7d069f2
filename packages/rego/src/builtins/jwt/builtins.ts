/** `io.jwt.*`. */
import { createSecretKey } from 'node:crypto';
import { rethrowOverflow } from '../../stack.ts';
import { EMPTY_OBJECT, RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { base64UrlDecode } from '../encoding/binary.ts';
import { parseJson } from '../encoding/json.ts';
import { marshalJson } from '../go/json.ts';
import { textOfBytes, utf8Bytes } from '../go/utf8.ts';
import { chargeText } from '../limits.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { isAlgorithm, makeSignature, verifySignature } from './algorithms.ts';
import { claimsHold, parseConstraints, signatureHolds } from './constraints.ts';
import { jwks, verificationKeys } from './keys.ts';
import { decodeHeader, decodePart, headerParameters, jsonObject, signedText, splitToken } from './token.ts';

const anyObject = T.object([T.any, T.any]);
const namedObject = T.object([T.string, T.any]);

/** Tokens in tokens that are followed. */
const maxNesting = 16;

registerBuiltin(
  'io.jwt.decode',
  { args: [T.string], result: T.array(null, anyObject, anyObject, T.string) },
  (context, text) => decode(context, text, 0),
);

function decode(context: BuiltinContext, text: Value, depth: number): Value {
  const token = splitToken(text);
  chargeText(context, signedText(token).length * 4);
  const header = decodeHeader(token);
  const payload = textOfBytes(decodePart('payload', token.payload));
  if (header.get('cty') === 'JWT') {
    if (depth >= maxNesting) throw new BuiltinError(`JWT nested deeper than ${maxNesting}`);
    return decode(context, payload.replace(/^["']+|["']+$/g, ''), depth + 1);
  }
  const claims = jsonObject(payload);
  const signature = Buffer.from(decodePart('signature', token.signature)).toString('hex');
  return new RegoArray([header, claims, signature]);
}

const verification = { args: [T.string, T.string], result: T.boolean };

for (const algorithm of [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]) {
  registerBuiltin(`io.jwt.verify_${algorithm.toLowerCase()}`, verification, (context, text, keyText) => {
    const token = splitToken(text);
    chargeText(context, signedText(token).length * 4);
    const keys = verificationKeys(stringOperand(keyText, 2));
    const signature = base64UrlDecode(token.signature);
    const header = headerParameters(decodeHeader(token));
    // A private key is not a key to verify with here.
    const holds = ({ key }: (typeof keys)[number]) =>
      key.type === 'public' && verifySignature(algorithm, key, signedText(token), signature);
    const named = header.kid === '' ? undefined : keys.find(({ kid }) => kid === header.kid);
    if (named !== undefined) return holds(named);
    return keys.filter(({ alg }) => alg === '' || alg === header.alg).some(holds);
  });
}

for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  registerBuiltin(`io.jwt.verify_${algorithm.toLowerCase()}`, verification, (context, text, secretText) => {
    stringOperand(text, 1);
    const secret = createSecretKey(utf8Bytes(stringOperand(secretText, 2)));
    const token = splitToken(text);
    chargeText(context, signedText(token).length * 4);
    return verifySignature(algorithm, secret, signedText(token), base64UrlDecode(token.signature));
  });
}

registerBuiltin(
  'io.jwt.decode_verify',
  {
    args: [T.string, namedObject],
    result: T.array(null, T.boolean, anyObject, anyObject),
    nondeterministic: true,
  },
  (context, text, given) => {
    const constraints = parseConstraints(objectOperand(given, 2), context.timeNs);
    const unverified = new RegoArray([false, EMPTY_OBJECT, EMPTY_OBJECT]);
    let current = text;
    for (let depth = 0; depth <= maxNesting; depth++) {
      const token = splitToken(current);
      chargeText(context, signedText(token).length * 4);
      const header = decodeHeader(token);
      const parameters = headerParameters(header);
      if (parameters.alg === '' || parameters.unknownCritical) return unverified;
      if (constraints.alg !== '' && constraints.alg !== parameters.alg) return unverified;
      const signature = base64UrlDecode(token.signature);
      if (!signatureHolds(constraints, parameters, signedText(token), signature)) return unverified;
      const payload = textOfBytes(decodePart('payload', token.payload));
      if (parameters.cty.toUpperCase() === 'JWT') {
        current = payload;
        continue;
      }
      const claims = jsonObject(payload);
      return claimsHold(constraints, claims) ? new RegoArray([true, header, claims]) : unverified;
    }
    throw new BuiltinError(`JWT nested deeper than ${maxNesting}`);
  },
);

registerBuiltin(
  'io.jwt.encode_sign',
  { args: [namedObject, namedObject, namedObject], result: T.string, nondeterministic: true },
  (context, header, payload, key) =>
    encodeSign(context, marshalJson(header), marshalJson(payload), marshalJson(key)),
);

registerBuiltin(
  'io.jwt.encode_sign_raw',
  { args: [T.string, T.string, T.string], result: T.string, nondeterministic: true },
  (context, header, payload, key) => {
    const keyText = stringOperand(key, 3);
    return encodeSign(context, stringOperand(header, 1), stringOperand(payload, 2), keyText);
  },
);

function encodeSign(context: BuiltinContext, header: string, payload: string, keyText: string): string {
  chargeText(context, (header.length + payload.length) * 4);
  const [first] = jwks(keyText, 'failed to parse JWK: ');
  if (first === undefined) throw new BuiltinError('no keys found in JWK set');
  const parameters = parseHeader(header);
  const alg = parameters.get('alg');
  if (typeof alg !== 'string') {
    const problem = alg === undefined ? 'header "alg" not found' : 'header "alg" is not a string';
    throw new BuiltinError(`missing or invalid 'alg' header: jwsbb: ${problem}`);
  }
  if (!isAlgorithm(alg)) throw new BuiltinError(`unknown JWS algorithm: ${alg}`);
  const typ = parameters.get('typ');
  if ((typeof typ !== 'string' || typ === 'JWT') && !isJson(payload)) {
    throw new BuiltinError('type is JWT but payload is not JSON');
  }
  const text = `${base64Url(header)}.${base64Url(payload)}`;
  return `${text}.${Buffer.from(makeSignature(alg, first.key, text)).toString('base64url')}`;
}

function parseHeader(text: string): RegoObject {
  const problem = (message: string) =>
    new BuiltinError(`missing or invalid 'alg' header: cannot parse JSON: ${message}`);
  if (text === '') throw problem('cannot parse empty string; unparsed tail: ""');
  // The JSON reader OPA uses takes any run of the characters that numbers have for a number.
  if (/^\s*[-+.eE0-9]+\s*$/.test(text)) return EMPTY_OBJECT;
  try {
    const header = parseJson(text);
    return header instanceof RegoObject ? header : EMPTY_OBJECT;
  } catch (error) {
    if (error instanceof BuiltinError) throw problem(error.message);
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
}

function base64Url(text: string): string {
  return Buffer.from(utf8Bytes(text)).toString('base64url');
}
