import {
  digest,
  encodeBase64,
  isJsonObject,
  type JsonObject,
  type PublicKey,
  signatureHash,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { pause } from '@pratique/oci';
import { keysErrors } from '../errors.ts';
import { crc32c } from '../http/crc32c.ts';
import { base64At, type KeyService, memberOf, publicKeyOf, textAt, wrongAnswer } from '../http/service.ts';
import type { CreatedKey, KeyContext } from '../managed-key.ts';
import { serviceKeys } from '../service-keys.ts';
import { connectGcpKms, gcpFailure, gcpKms } from './connect.ts';
import { type GcpKey, parseGcpKey } from './reference.ts';

interface ReadKey {
  readonly publicKey: PublicKey;
  /** The resource name of the version. */
  readonly version: string;
}

/** Algorithms of versions (CryptoKeyVersionAlgorithm) that sign as Sigstore verifies, with the kind of their keys. */
const algorithms: Readonly<Record<string, PublicKey['algorithm']>> = {
  EC_SIGN_P256_SHA256: 'ecdsa-p256',
  EC_SIGN_P384_SHA384: 'ecdsa-p384',
  RSA_SIGN_PKCS1_2048_SHA256: 'rsa',
  RSA_SIGN_PKCS1_3072_SHA256: 'rsa',
  RSA_SIGN_PKCS1_4096_SHA256: 'rsa',
};

/**
 * `gcpkms://projects/…/cryptoKeys/K[/cryptoKeyVersions/N]`: asymmetric keys of Google Cloud KMS for signing, ECDSA on P-256
 * and P-384, and RSA (PKCS #1 v1.5 with SHA-256). Without a version it is the newest that is enabled, and what was read
 * signs. KMS gets the hash of what is signed; what comes back is held against its CRC-32C.
 */
export const gcpKeys = serviceKeys({
  parse: parseGcpKey,
  connect: (_key, context) => connectGcpKms(context),
  read: readKey,
  sign,
});

/** Seconds that a new key may take until it is there. */
const patienceSeconds = 30;

/** Makes a P-256 key, and its key ring where there is none. @throws KEY_EXISTS, KEY_REFERENCE_INVALID, and what `openKey` throws */
export async function createGcpKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const key = parseGcpKey(reference);
  if (key.version !== undefined) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the first version of a key is made, and it is not for you to number it',
      expected: `gcpkms://${key.name}`,
    });
  }
  const { location, ring, name } = key;
  const service = connectGcpKms(context);
  try {
    const found = await service.send('GET', `/v1/${location}/keyRings/${ring}`);
    if (found.status === 404) {
      const made = await service.send('POST', `/v1/${location}/keyRings?keyRingId=${ring}`, {});
      if (made.status !== 200 && made.status !== 409) throw gcpFailure(made, `the key ring ${ring}`);
    } else if (found.status !== 200) throw gcpFailure(found, `the key ring ${ring}`);
    const made = await service.send(
      'POST',
      `/v1/${location}/keyRings/${ring}/cryptoKeys?cryptoKeyId=${key.key}`,
      { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256' } },
    );
    if (made.status !== 200) throw gcpFailure(made, `the key ${key.key}`);
    for (let second = 0; ; second++) {
      if (second >= patienceSeconds || (await newestEnabled(service, key)) !== undefined) break;
      await pause(1000, context.signal);
    }
    return { publicKey: (await readKey(service, key)).publicKey, place: `${gcpKms}, ${name}` };
  } finally {
    service.close();
  }
}

const maxPages = 20;

/** The enabled version with the greatest number. */
async function newestEnabled(service: KeyService, { name }: GcpKey): Promise<string | undefined> {
  let newest = 0;
  let page = '';
  for (let pages = 0; pages < maxPages; pages++) {
    const query = new URLSearchParams({ filter: 'state=ENABLED', pageSize: '100' });
    if (page !== '') query.set('pageToken', page);
    const answer = await service.send('GET', `/v1/${name}/cryptoKeyVersions?${query}`);
    if (answer.status !== 200) throw gcpFailure(answer, `the key ${name}`);
    const versions = memberOf(answer.document, 'cryptoKeyVersions') ?? [];
    if (!Array.isArray(versions)) throw wrongAnswer(gcpKms, 'cryptoKeyVersions is no list');
    for (const version of versions) newest = Math.max(newest, enabledNumber(name, version as JsonObject));
    const next = memberOf(answer.document, 'nextPageToken') ?? '';
    if (typeof next !== 'string') throw wrongAnswer(gcpKms, 'nextPageToken is no string');
    if (next === '') return newest === 0 ? undefined : `${name}/cryptoKeyVersions/${newest}`;
    page = next;
  }
  throw wrongAnswer(gcpKms, `its versions are on more than ${maxPages} pages`);
}

function enabledNumber(name: string, version: JsonObject): number {
  if (!isJsonObject(version)) throw wrongAnswer(gcpKms, 'a version is no object');
  const named = textAt(gcpKms, version, 'name');
  const number = /\/cryptoKeyVersions\/([1-9]\d{0,8})$/.exec(named)?.[1];
  if (number === undefined || named !== `${name}/cryptoKeyVersions/${number}`)
    throw wrongAnswer(gcpKms, 'a version is one of another key');
  return memberOf(version, 'state') === 'ENABLED' ? Number(number) : 0;
}

async function readKey(service: KeyService, key: GcpKey): Promise<ReadKey> {
  const version = key.version ?? (await newestEnabled(service, key));
  if (version === undefined) {
    throw keysErrors.error('KEY_DISABLED', {
      message: `no version of the key ${key.name} in ${gcpKms} is enabled`,
      remedy:
        'gcloud kms keys versions list shows their states, gcloud kms keys versions enable enables one.',
    });
  }
  const answer = await service.send('GET', `/v1/${version}/publicKey`);
  if (answer.status !== 200) throw gcpFailure(answer, version);
  const { document } = answer;
  const algorithm = textAt(gcpKms, document, 'algorithm');
  const expected = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (expected === undefined) {
    throw keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
      message: `${version} in ${gcpKms} does not sign what Sigstore verifies`,
      expected: Object.keys(algorithms).join(', '),
      found: printable(algorithm, 80),
    });
  }
  const pem = textAt(gcpKms, document, 'pem');
  intact(document, 'pemCrc32c', new TextEncoder().encode(pem));
  const publicKey = publicKeyOf(gcpKms, pem);
  if (publicKey.algorithm !== expected) throw wrongAnswer(gcpKms, `the public key is none of ${algorithm}`);
  return { publicKey, version };
}

async function sign(
  service: KeyService,
  { publicKey, version }: ReadKey,
  data: Uint8Array,
): Promise<Uint8Array> {
  const hash = signatureHash(publicKey);
  const hashed = digest(hash, data);
  const answer = await service.send('POST', `/v1/${version}:asymmetricSign`, {
    digest: { [hash]: encodeBase64(hashed) },
    digestCrc32c: String(crc32c(hashed)),
  });
  if (answer.status !== 200) throw gcpFailure(answer, version);
  const { document } = answer;
  if (memberOf(document, 'verifiedDigestCrc32c') !== true)
    throw wrongAnswer(gcpKms, 'it has not seen the checksum of what it was to sign');
  if (textAt(gcpKms, document, 'name') !== version)
    throw wrongAnswer(gcpKms, 'the signature is one by another version');
  const signature = base64At(gcpKms, document, 'signature');
  intact(document, 'signatureCrc32c', signature);
  return signature;
}

/** Holds bytes against the checksum that came with them; int64 is a string in JSON. @throws KEY_SERVICE_ANSWER */
function intact(document: JsonObject, member: string, bytes: Uint8Array): void {
  if (textAt(gcpKms, document, member) === String(crc32c(bytes))) return;
  throw wrongAnswer(gcpKms, `${member} is not the checksum of what came with it: it was damaged on its way`);
}
