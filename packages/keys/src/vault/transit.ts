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
  /** The oldest version that still signs. */
  readonly signsFrom: number;
}

/**
 * `hashivault://NAME` and `openbao://NAME`: keys of the transit engine of Vault and OpenBao, mounted at
 * TRANSIT_SECRET_ENGINE_PATH (`transit`). `?version=2` behind the name is that version of a key that was rotated. Without
 * it the newest is signed with: a key that is rotated meanwhile signs under the version that was read. The public half is
 * that of the newest version too, or of the one in VAULT_KEY_PREFIX (`vault:v2:`), by which cosign is told what to
 * verify with.
 */
export const transitKeys: KeyProvider = {
  async open(reference, context) {
    const path = keyPath(reference, context.environment);
    const service = connectVault(context);
    try {
      const key = await readKey(service, path, path.version);
      // Vault would answer 500, as if something had broken.
      if (key.version < key.signsFrom)
        throw notForSigning(path, `version ${key.version}, and min_encryption_version is ${key.signsFrom}`);
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
    const version = path.version ?? versionToVerify(context.environment);
    const service = connectVault(context);
    try {
      return (await readKey(service, path, version)).publicKey;
    } finally {
      service.close();
    }
  },
};

/** Makes a P-256 key in the transit engine. @throws KEY_EXISTS, KEY_SERVICE_… */
export async function createTransitKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const path = keyPath(reference, context.environment);
  if (path.version !== undefined) throw noName(reference, 'hashivault://NAME: the first version is made');
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
  /** The one that the reference names; undefined for the newest. */
  readonly version: number | undefined;
  readonly key: string;
  readonly sign: string;
}

/** Names as cosign takes them: no step in a path. @throws KEY_REFERENCE_INVALID, KEY_SERVICE_CONFIG */
function keyPath(reference: string, environment: NodeJS.ProcessEnv): TransitPath {
  const [, name, version] =
    /^[a-z]+:\/\/(\w(?:[\w.-]{0,198}\w)?)(?:\?version=([1-9]\d{0,8}))?$/.exec(reference) ?? [];
  const mount = (environment['TRANSIT_SECRET_ENGINE_PATH'] || 'transit').replace(/^\/+|\/+$/g, '');
  if (name === undefined)
    throw noName(reference, 'hashivault://NAME or hashivault://NAME?version=2: letters, digits, _, - and .');
  if (!mount.split('/').every((step) => /^\w[\w.-]*$/.test(step))) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'TRANSIT_SECRET_ENGINE_PATH is no path of a secrets engine',
      found: printable(mount, 80),
    });
  }
  return {
    name,
    version: version === undefined ? undefined : Number(version),
    key: `/v1/${mount}/keys/${name}`,
    sign: `/v1/${mount}/sign/${name}`,
  };
}

function noName(reference: string, expected: string) {
  return keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'the name of the key in Vault cannot be used',
    expected,
    found: printable(reference, 80),
  });
}

/** @throws KEY_SERVICE_CONFIG */
function versionToVerify({ VAULT_KEY_PREFIX: prefix }: NodeJS.ProcessEnv): number | undefined {
  if (!prefix) return undefined;
  const version = /^vault:v([1-9]\d{0,8}):$/.exec(prefix)?.[1];
  if (version !== undefined) return Number(version);
  throw keysErrors.error('KEY_SERVICE_CONFIG', {
    message: 'VAULT_KEY_PREFIX names no version of a key',
    expected: 'vault:v1: or another version',
    found: printable(prefix, 40),
    remedy: 'Take it out of the environment to use the newest version.',
  });
}

/** Reads one version of a key, the newest unless another is asked for. */
async function readKey(service: KeyService, path: TransitPath, asked?: number): Promise<TransitKey> {
  const { status, document } = await service.send('GET', path.key);
  if (status === 404) throw noEngine(path);
  const data = objectAt(vault, document, 'data');
  if (memberOf(data, 'supports_signing') !== true) {
    throw notForSigning(path, `type ${printable(textAt(vault, data, 'type'), 40)}`);
  }
  // Every context has a key of its own, and cosign gives none.
  if (memberOf(data, 'derived') === true) throw notForSigning(path, 'a derived key');
  const latest = memberOf(data, 'latest_version');
  if (typeof latest !== 'number' || !Number.isSafeInteger(latest) || latest < 1)
    throw wrongAnswer(vault, 'latest_version is not a whole number');
  const version = asked ?? latest;
  const versions = objectAt(vault, data, 'keys');
  if (asked !== undefined && memberOf(versions, String(asked)) === undefined) throw noVersion(path, asked);
  const minimum = memberOf(data, 'min_encryption_version');
  return {
    version,
    signsFrom: typeof minimum === 'number' ? minimum : 0,
    publicKey: readPublicKey(objectAt(vault, versions, String(version))),
  };
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

function noVersion({ name }: TransitPath, version: number) {
  return keysErrors.error('KEY_NOT_FOUND', {
    message: `the key ${name} in ${vault} has no version ${version}, or it may not be used any more`,
    remedy:
      'Name another, behind the key (?version=…) or in VAULT_KEY_PREFIX; without either, the newest is used.',
  });
}

function notForSigning({ name }: TransitPath, found: string) {
  return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: `the key ${name} in ${vault} does not sign`,
    found,
  });
}
