import { createHash, createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { isAlgorithm, makeSignature, verifySignature } from '../builtins/jwt/algorithms.ts';
import { BuiltinError } from '../builtins/types.ts';
import { rethrowOverflow } from '../stack.ts';
import { parseJsonText, RegoArray, RegoObject, toJsonText, type Value } from '../values/index.ts';
import { BundleError } from './errors.ts';
import { type GoJson, goJson } from './json.ts';
import { decodeText, parseJsonOrYaml } from './parse-documents.ts';
import type { BundleFile } from './tar.ts';

/** How a bundle's `.signatures.json` is made. */
export interface SigningKey {
  /** A secret (HMAC) or a private key (PEM). */
  readonly key: string;
  /** `RS256`, `ES256`, `HS256`, … */
  readonly algorithm: string;
  /** Put into the token's header as `kid`, and in its payload as OPA does. */
  readonly keyId?: string;
  /** Further claims, such as `scope`. With them the payload has no `keyid`. */
  readonly claims?: RegoObject;
}

/** Whose signature a bundle must have. */
export interface VerificationKey {
  /** A secret (HMAC), a public key or a certificate (PEM). */
  readonly key: string;
  readonly algorithm: string;
  readonly scope?: string;
  /** File name patterns (`*`, `?`) that need not be in the signature. */
  readonly exclude?: readonly string[];
}

const hashes: Readonly<Record<string, string>> = {
  __proto__: null as never,
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512-224': 'sha512-224',
  'SHA-512-256': 'sha512-256',
};

/** JSON documents are hashed by what they say and not by how it is written. */
function isStructured(path: string): boolean {
  const base = path.slice(path.lastIndexOf('/') + 1);
  return base === 'data.json' || base === 'data.yaml' || base === 'signatures.json' || base === '.manifest';
}

function hashFile({ path, bytes }: BundleFile, algorithm: string): string {
  const content = isStructured(path) ? toJsonText(parseJsonOrYaml(bytes, path)) : bytes;
  return createHash(algorithm).update(content).digest('hex');
}

/** The token over these files that stands in `.signatures.json` as `{"signatures": [token]}`. */
export function signBundle(
  files: readonly BundleFile[],
  { key, algorithm, keyId, claims }: SigningKey,
): string {
  if (!isAlgorithm(algorithm)) throw failed(`unknown signature algorithm: ${algorithm}`);
  const list = files.map((file) => ({
    name: file.path,
    hash: hashFile(file, 'sha256'),
    algorithm: 'SHA-256',
  }));
  const payload = new Map<string, GoJson>([['files', list]]);
  if (claims !== undefined) for (const [name, value] of claims.entries()) payload.set(name as string, value);
  else if (keyId !== undefined) payload.set('keyid', keyId);
  const header = { alg: algorithm, kid: keyId, typ: 'JWT' };
  const text = `${base64url(goJson(header))}.${base64url(goJson(payload))}`;
  try {
    const signature = makeSignature(algorithm, signingKey(key, algorithm), text);
    return `${text}.${Buffer.from(signature).toString('base64url')}`;
  } catch (error) {
    if (error instanceof BuiltinError) throw failed(error.message);
    throw error;
  }
}

/**
 * Verifies that the files are exactly those one signature of `.signatures.json` lists, with the hashes it lists, and
 * that the signature is of the given key. Throws `bundle_signature`.
 */
export function verifyBundle(
  files: readonly BundleFile[],
  signatures: Uint8Array | undefined,
  config: VerificationKey,
): void {
  if (signatures === undefined) throw failed('bundle missing .signatures.json file');
  const payload = verifiedPayload(signatures, config);
  const listed = new Map<string, RegoObject>();
  const entries = payload.get('files');
  for (const entry of entries instanceof RegoArray ? entries.items : []) {
    const name = entry instanceof RegoObject ? entry.get('name') : undefined;
    if (typeof name !== 'string' || !(entry instanceof RegoObject))
      throw failed('an entry of the signature has no name');
    if (listed.has(name)) throw failed(`file ${name} is in the bundle signature twice`);
    listed.set(name, entry);
  }
  for (const file of files) {
    if (!(config.exclude ?? []).some((pattern) => matches(pattern, file.path)))
      checkFile(file, listed.get(file.path));
    listed.delete(file.path);
  }
  if (listed.size > 0) {
    throw failed(
      `file(s) [${[...listed.keys()].join(' ')}] specified in bundle signatures but not found in the target bundle`,
    );
  }
}

function checkFile(file: BundleFile, entry: RegoObject | undefined): void {
  if (entry === undefined) throw failed(`file ${file.path} not included in bundle signature`);
  const [algorithm, wanted] = [entry.get('algorithm'), entry.get('hash')];
  if (typeof algorithm !== 'string' || typeof wanted !== 'string')
    throw failed(`no hashing algorithm provided for file ${file.path}`);
  const name = hashes[algorithm];
  // MD5 and SHA-1, which OPA still takes, no longer bind a signature to one content.
  if (name === undefined) throw failed(`unsupported hashing algorithm: ${algorithm}`);
  const found = hashFile(file, name);
  if (found !== wanted.toLowerCase())
    throw failed(`${file.path}: digest mismatch (want: ${wanted}, got: ${found})`);
}

function verifiedPayload(
  signatures: Uint8Array,
  { key, algorithm, scope = '' }: VerificationKey,
): RegoObject {
  if (!isAlgorithm(algorithm)) throw failed(`unknown signature algorithm: ${algorithm}`);
  const tokens = parsedObject(decodeText(signatures, '.signatures.json')).get('signatures');
  const items = tokens instanceof RegoArray ? tokens.items : [];
  if (items.length === 0) throw failed('.signatures.json: missing JWT (expected exactly one)');
  if (items.length > 1) throw failed('.signatures.json: multiple JWTs not supported (expected exactly one)');
  const parts = typeof items[0] === 'string' ? items[0].split('.') : [];
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part)))
    throw failed('failed to split compact JWT');
  const [header, payload, signature] = parts as [string, string, string];
  const signed = parsedObject(decoded(header)).get('alg');
  // The key says which algorithm: a token must not turn a public key into an HMAC secret.
  if (signed !== algorithm) throw failed(`the signature's algorithm is not ${algorithm}`);
  const text = `${header}.${payload}`;
  if (
    !verifySignature(algorithm, verificationKey(key, algorithm), text, Buffer.from(signature, 'base64url'))
  ) {
    throw failed('failed to verify JWT signature');
  }
  const claims = parsedObject(decoded(payload));
  if ((claims.get('scope') ?? '') !== scope) throw failed('scope mismatch');
  return claims;
}

function parsedObject(text: string): RegoObject {
  let value: Value | undefined;
  try {
    value = parseJsonText(text);
  } catch (error) {
    rethrowOverflow(error);
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (value instanceof RegoObject) return value;
  throw failed('bundle load failed on signatures decode: not a JSON object');
}

function decoded(part: string): string {
  return decodeText(Buffer.from(part, 'base64url'), '.signatures.json');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function signingKey(key: string, algorithm: string): KeyObject {
  if (algorithm.startsWith('HS')) return createSecretKey(Buffer.from(key));
  try {
    return createPrivateKey(key);
  } catch (error) {
    rethrowOverflow(error);
    throw failed('failed to parse PEM block containing the key');
  }
}

function verificationKey(key: string, algorithm: string): KeyObject {
  if (algorithm.startsWith('HS')) return createSecretKey(Buffer.from(key));
  try {
    return createPublicKey(key);
  } catch (error) {
    rethrowOverflow(error);
    throw failed('failed to parse PEM block containing the key');
  }
}

/** Go's `filepath.Match` as far as anybody uses it here: `*` and `?` within a segment. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${source}$`).test(path);
}

function failed(message: string): BundleError {
  return new BundleError('bundle_signature', message);
}
