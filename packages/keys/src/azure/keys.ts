import { createPublicKey, type JsonWebKey } from 'node:crypto';
import {
  derWriter,
  digest,
  type JsonObject,
  type PublicKey,
  parsePublicKey,
  signatureHash,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { bearing } from '../http/bearer.ts';
import { readSetting } from '../http/files.ts';
import {
  type KeyService,
  memberOf,
  objectAt,
  openKeyService,
  refused,
  type ServiceAnswer,
  textAt,
  wrongAnswer,
} from '../http/service.ts';
import type { CreatedKey, KeyContext } from '../managed-key.ts';
import { serviceKeys } from '../service-keys.ts';
import { azureCredentials } from './credentials.ts';
import { type AzureKey, parseAzureKey } from './reference.ts';

const keyVault = 'Azure Key Vault';
const apiVersion = 'api-version=7.4';

interface ReadKey {
  readonly publicKey: PublicKey;
  /** Path of the version that was read. */
  readonly path: string;
}

/**
 * `azurekms://VAULT_HOST/KEY[/VERSION]`: keys of Azure Key Vault and Managed HSMs, ECDSA on P-256, P-384 and P-521, and RSA
 * (PKCS #1 v1.5 with SHA-256). Without a version it is the newest, and what was read signs. The vault gets the hash of
 * what is signed.
 */
export const azureKeys = serviceKeys({
  parse: parseAzureKey,
  connect,
  read: readKey,
  sign,
});

/** Makes a P-256 key. @throws KEY_EXISTS, KEY_REFERENCE_INVALID, and what `openKey` throws */
export async function createAzureKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const key = parseAzureKey(reference);
  if (key.version !== undefined) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'a version of a key gets its name in the vault',
      expected: `azurekms://${key.host}/${key.name}`,
    });
  }
  const service = connect(key, context);
  try {
    // The vault would make another version of a key that is there.
    const found = await service.send('GET', `/keys/${key.name}?${apiVersion}`);
    if (found.status === 200)
      throw keysErrors.error('KEY_EXISTS', { message: `${keyVault} has a key ${key.name} already` });
    if (found.status !== 404) throw failure(found, key.name);
    const made = await service.send(
      'POST',
      `/keys/${key.name}/create?${apiVersion}`,
      { kty: 'EC', crv: 'P-256', key_ops: ['sign', 'verify'], attributes: { enabled: true } },
      { once: true },
    );
    if (made.status !== 200) throw failure(made, key.name);
    return {
      publicKey: readBundle(made.document, key).publicKey,
      place: `${keyVault}, ${key.host}/${key.name}`,
    };
  } finally {
    service.close();
  }
}

function connect({ host, resource }: AzureKey, context: KeyContext): KeyService {
  const { environment, signal } = context;
  const bundle = environment['REQUESTS_CA_BUNDLE'];
  const ca = bundle ? readSetting('REQUESTS_CA_BUNDLE', bundle) : undefined;
  const token = azureCredentials(resource, ca, context);
  return openKeyService({
    name: keyVault,
    url: `https://${host}`,
    authorization: async () => bearing(await token()),
    connection: ca === undefined ? {} : { ca },
    environment,
    signal,
    answers: [400, 403, 404, 409],
  });
}

async function readKey(service: KeyService, key: AzureKey): Promise<ReadKey> {
  const version = key.version === undefined ? '' : `/${key.version}`;
  const answer = await service.send('GET', `/keys/${key.name}${version}?${apiVersion}`);
  if (answer.status !== 200) throw failure(answer, key.name);
  return readBundle(answer.document, key);
}

/** Reads a KeyBundle: the public key as a JWK (RFC 7517), and its version in the URL that names it. */
function readBundle(document: JsonObject, { name, version }: AzureKey): ReadKey {
  const jwk = objectAt(keyVault, document, 'key');
  const attributes = objectAt(keyVault, document, 'attributes');
  if (memberOf(attributes, 'enabled') !== true) throw disabled(name, 'enabled is not true');
  const operations = memberOf(jwk, 'key_ops');
  if (!Array.isArray(operations) || !operations.includes('sign'))
    throw notForSigning(name, 'key_ops without sign');
  const kid = textAt(keyVault, jwk, 'kid');
  const [, named, found] = /\/keys\/([A-Za-z0-9-]{1,127})\/([a-z0-9]{1,64})$/.exec(kid) ?? [];
  if (named?.toLowerCase() !== name.toLowerCase() || (version !== undefined && found !== version))
    throw wrongAnswer(keyVault, 'the key is another than the one that was asked for');
  return { publicKey: publicKeyIn(jwk, name), path: `/keys/${name}/${found}` };
}

const curves = new Set(['P-256', 'P-384', 'P-521']);

function publicKeyIn(jwk: JsonObject, name: string): PublicKey {
  // Keys in hardware are of the kinds EC-HSM and RSA-HSM.
  const kty = textAt(keyVault, jwk, 'kty').replace(/-HSM$/, '');
  if (kty !== 'RSA' && kty !== 'EC') throw notForSigning(name, kty);
  const crv = kty === 'EC' ? textAt(keyVault, jwk, 'crv') : '';
  if (kty === 'EC' && !curves.has(crv)) throw notForSigning(name, crv);
  const members: JsonWebKey =
    kty === 'EC'
      ? { kty, crv, x: textAt(keyVault, jwk, 'x'), y: textAt(keyVault, jwk, 'y') }
      : { kty, n: textAt(keyVault, jwk, 'n'), e: textAt(keyVault, jwk, 'e') };
  let spki: Uint8Array;
  try {
    spki = createPublicKey({ key: members, format: 'jwk' }).export({ type: 'spki', format: 'der' });
  } catch (cause) {
    throw wrongAnswer(keyVault, 'the public key is none', cause);
  }
  return parsePublicKey(new Uint8Array(spki));
}

/** Algorithms of JSON Web Signatures (RFC 7518 §3.1) and the bytes of one of the two numbers of a signature. */
const signing: Readonly<Partial<Record<PublicKey['algorithm'], readonly [alg: string, bytes: number]>>> = {
  'ecdsa-p256': ['ES256', 32],
  'ecdsa-p384': ['ES384', 48],
  'ecdsa-p521': ['ES512', 66],
};

async function sign(
  service: KeyService,
  { publicKey, path }: ReadKey,
  data: Uint8Array,
): Promise<Uint8Array> {
  const [alg, bytes] = signing[publicKey.algorithm] ?? ['RS256', 0];
  const value = Buffer.from(digest(signatureHash(publicKey), data)).toString('base64url');
  const answer = await service.send('POST', `${path}/sign?${apiVersion}`, { alg, value });
  if (answer.status !== 200) throw failure(answer, path);
  const text = textAt(keyVault, answer.document, 'value');
  if (!/^[\w-]{1,1400}$/.test(text)) throw wrongAnswer(keyVault, 'the signature is not base64url');
  const signature = new Uint8Array(Buffer.from(text, 'base64url'));
  return bytes === 0 ? signature : derSignature(signature, bytes);
}

/** The DER of r and s that stand behind each other (RFC 7518 §3.4), each of exactly the length of the curve's order. */
export function derSignature(signature: Uint8Array, bytes: number): Uint8Array {
  if (signature.byteLength !== 2 * bytes)
    throw wrongAnswer(keyVault, `the signature has ${signature.byteLength} bytes, not ${2 * bytes}`);
  const { sequence, unsignedInteger } = derWriter;
  return sequence(unsignedInteger(signature.subarray(0, bytes)), unsignedInteger(signature.subarray(bytes)));
}

/** What a refusal of a vault is: `error.code`, and in `error.innererror` which of many reasons. */
function failure({ status, document, said }: ServiceAnswer, name: string) {
  const error = memberOf(document, 'error');
  const inner =
    typeof error === 'object' && error !== null && 'innererror' in error ? error.innererror : null;
  const reason = typeof inner === 'object' && inner !== null && 'code' in inner ? String(inner.code) : '';
  const found = printable([reason, said].filter(Boolean).join(': ') || `HTTP ${status}`, 300);
  if (status === 404) {
    return keysErrors.error('KEY_NOT_FOUND', {
      message: `${keyVault} has no key ${name}, or not in this version`,
      found,
      remedy: 'az keyvault key list --vault-name VAULT shows which there are.',
    });
  }
  if (status === 409) {
    return keysErrors.error('KEY_EXISTS', {
      message: `${keyVault} has a key ${name}, which was deleted and may be recovered`,
      found,
      remedy: 'az keyvault key recover, or az keyvault key purge',
    });
  }
  if (/Disabled|Expired|NotYetValid/.test(reason)) return disabled(name, found);
  return refused(keyVault, status, found);
}

function disabled(name: string, found: string) {
  return keysErrors.error('KEY_DISABLED', {
    message: `the key ${name} in ${keyVault} is disabled, or not valid now`,
    found,
    remedy: 'az keyvault key set-attributes --enabled true',
  });
}

function notForSigning(name: string, found: string) {
  return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: `the key ${name} in ${keyVault} does not sign what Sigstore verifies`,
    found: printable(found, 80),
  });
}
