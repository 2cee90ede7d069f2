import { createHash } from 'node:crypto';
import {
  decodeBase64,
  derWriter,
  encodeBase64,
  type JsonObject,
  type PublicKey,
  parsePublicKey,
  signatureHash,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { type KeyService, memberOf, objectAt, textAt, wrongAnswer } from '../http/service.ts';
import type { CreatedKey, KeyContext, KeyProvider } from '../managed-key.ts';
import { connectVault, vault } from './connect.ts';

/** One version of a key of the transit engine. */
interface TransitKey {
  readonly publicKey: PublicKey;
  readonly version: number;
}

/**
 * `hashivault://NAME`: keys of the transit engine of Vault and OpenBao, mounted at TRANSIT_SECRET_ENGINE_PATH (`transit`).
 * The newest version is read and signed with: a key that is rotated meanwhile signs under the one that was read.
 */
export const transitKeys: KeyProvider = {
  async open(reference, context) {
    const path = keyPath(reference, context.environment);
    const service = connectVault(context);
    try {
      const key = await readKey(service, path);
      return {
        publicKey: key.publicKey,
        close: service.close,
        sign: (data) => sign(service, path, key, data),
      };
    } catch (error) {
      service.close();
      throw error;
    }
  },

  async publicKey(reference, context) {
    const path = keyPath(reference, context.environment);
    const service = connectVault(context);
    try {
      return (await readKey(service, path)).publicKey;
    } finally {
      service.close();
    }
  },
};

/** Makes a P-256 key in the transit engine. @throws KEY_EXISTS, KEY_SERVICE_… */
export async function createTransitKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const path = keyPath(reference, context.environment);
  const service = connectVault(context);
  try {
    // Vault says nothing when it makes no key because there is one.
    if ((await service.send('GET', path.key)).status !== 404) {
      throw keysErrors.error('KEY_EXISTS', { message: `${vault} has a key ${path.name} already` });
    }
    const { status } = await service.send('POST', path.key, { type: 'ecdsa-p256' });
    if (status === 404) throw noEngine(path);
    return { publicKey: (await readKey(service, path)).publicKey, place: `${vault}, key ${path.name}` };
  } finally {
    service.close();
  }
}

interface TransitPath {
  readonly name: string;
  readonly key: string;
  readonly sign: string;
}

/** Names as cosign takes them: no step in a path. @throws KEY_REFERENCE_INVALID */
function keyPath(reference: string, environment: NodeJS.ProcessEnv): TransitPath {
  const name = reference.slice('hashivault://'.length);
  const mount = (environment['TRANSIT_SECRET_ENGINE_PATH'] || 'transit').replace(/^\/+|\/+$/g, '');
  if (!/^\w(?:[\w.-]{0,198}\w)?$/.test(name)) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the name of the key in Vault cannot be used',
      expected: 'hashivault://NAME: letters, digits, _, - and .',
      found: printable(reference, 80),
    });
  }
  if (!mount.split('/').every((step) => /^\w[\w.-]*$/.test(step))) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'TRANSIT_SECRET_ENGINE_PATH is no path of a secrets engine',
      found: printable(mount, 80),
    });
  }
  return { name, key: `/v1/${mount}/keys/${name}`, sign: `/v1/${mount}/sign/${name}` };
}

async function readKey(service: KeyService, path: TransitPath): Promise<TransitKey> {
  const { status, document } = await service.send('GET', path.key);
  if (status === 404) throw noEngine(path);
  const data = objectAt(vault, document, 'data');
  const version = memberOf(data, 'latest_version');
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw wrongAnswer(vault, 'latest_version is not a whole number');
  const entry = memberOf(objectAt(vault, data, 'keys'), String(version));
  // Of symmetric keys Vault tells a time for each version, and nothing else.
  if (typeof entry === 'number') throw notForSigning(path, textAt(vault, data, 'type'));
  const key = objectAt(vault, objectAt(vault, data, 'keys'), String(version));
  return { version, publicKey: readPublicKey(key) };
}

function readPublicKey(entry: JsonObject): PublicKey {
  const text = textAt(vault, entry, 'public_key');
  if (memberOf(entry, 'name') !== 'ed25519') return parsePublicKey(text);
  // The point alone, in base64.
  const point = decodeBase64(text, 'the public key');
  const { bitString, objectIdentifier, sequence } = derWriter;
  return parsePublicKey(sequence(sequence(objectIdentifier('1.3.101.112')), bitString(point)));
}

const hashNames = { sha256: 'sha2-256', sha384: 'sha2-384', sha512: 'sha2-512' } as const;

async function sign(
  service: KeyService,
  path: TransitPath,
  { publicKey, version }: TransitKey,
  data: Uint8Array,
): Promise<Uint8Array> {
  const hash = signatureHash(publicKey);
  const pure = publicKey.algorithm === 'ed25519';
  const input = pure ? data : createHash(hash).update(data).digest();
  const { status, document } = await service.send(
    'POST',
    `${path.sign}${pure ? '' : `/${hashNames[hash]}`}`,
    {
      input: encodeBase64(input),
      prehashed: !pure,
      key_version: version,
      signature_algorithm: 'pkcs1v15',
      marshaling_algorithm: 'asn1',
    },
  );
  if (status === 404) throw noEngine(path);
  const signature = textAt(vault, objectAt(vault, document, 'data'), 'signature');
  const [, used, encoded] = /^[a-z]+:v(\d{1,15}):(.*)$/s.exec(signature) ?? [];
  if (encoded === undefined || Number(used) !== version)
    throw wrongAnswer(vault, `the signature is not one by version ${version} of the key`);
  try {
    return decodeBase64(encoded, 'the signature');
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw wrongAnswer(vault, 'the signature is not base64', cause);
  }
}

function noEngine({ name, key }: TransitPath) {
  return keysErrors.error('KEY_NOT_FOUND', {
    message: `${vault} has no key ${name} (${key})`,
    remedy: `pratique generate-key-pair --kms hashivault://${name} makes it; another mount is named by TRANSIT_SECRET_ENGINE_PATH.`,
  });
}

function notForSigning({ name }: TransitPath, type: string) {
  return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: `the key ${name} in ${vault} does not sign`,
    found: `type ${printable(type, 40)}`,
  });
}
