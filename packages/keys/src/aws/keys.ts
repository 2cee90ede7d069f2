import { digest, encodeBase64, type JsonObject, type PublicKey, signatureHash } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { base64At, memberOf, publicKeyOf, textAt, wrongAnswer } from '../http/service.ts';
import type { CreatedKey, KeyContext } from '../managed-key.ts';
import { serviceKeys } from '../service-keys.ts';
import { type AwsKms, awsKms, connectAwsKms } from './connect.ts';
import { parseAwsKey } from './reference.ts';

interface ReadKey {
  readonly publicKey: PublicKey;
  /** Its ARN, which stays that of this key when an alias becomes another's. */
  readonly keyId: string;
}

/**
 * `awskms://[ENDPOINT]/KEY`: asymmetric keys of AWS KMS for signing, ECDSA on P-256, P-384 and P-521, and RSA (PKCS #1 v1.5
 * with SHA-256). KMS gets the hash of what is signed, never the document. Nothing but `kms:GetPublicKey` is needed to
 * verify, and `kms:Sign` to sign.
 */
export const awsKeys = serviceKeys({
  parse: parseAwsKey,
  connect: connectAwsKms,
  read: (kms, { keyId }) => readKey(kms, keyId),
  sign,
});

/** Makes a P-256 key, and an alias for it. @throws KEY_EXISTS, KEY_REFERENCE_INVALID, and what `openKey` throws */
export async function createAwsKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const key = parseAwsKey(reference);
  const { alias, keyId } = key;
  if (alias === undefined) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'a key that is made in AWS KMS gets its id there, and is named by an alias',
      expected: 'awskms:///alias/NAME',
      found: printable(reference, 120),
    });
  }
  const kms = connectAwsKms(key, context);
  try {
    await refuseExisting(kms, keyId);
    const made = await kms.call('CreateKey', {
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      Description: 'Made by Pratique, for Sigstore',
    });
    const id = keyIdIn(made['KeyMetadata'] as JsonObject | undefined);
    await kms.call('CreateAlias', { AliasName: alias, TargetKeyId: id }).catch((error: unknown) => {
      if (!(error instanceof PratiqueError)) throw error;
      throw error.retold({ message: `the key ${id} was made, but not its alias: ${error.message}` });
    });
    return { publicKey: (await readKey(kms, id)).publicKey, place: `${awsKms}, ${alias} in ${kms.region}` };
  } finally {
    kms.close();
  }
}

async function refuseExisting(kms: AwsKms, keyId: string): Promise<void> {
  try {
    await kms.call('GetPublicKey', { KeyId: keyId });
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'KEY_NOT_FOUND') return;
    throw error;
  }
  throw keysErrors.error('KEY_EXISTS', { message: `${awsKms} has ${keyId} already` });
}

function keyIdIn(document: JsonObject | undefined): string {
  const id = document === undefined ? '' : textAt(awsKms, document, 'KeyId');
  if (/^[\w:/-]{1,2048}$/.test(id)) return id;
  throw wrongAnswer(awsKms, 'KeyId is none');
}

async function readKey(kms: AwsKms, keyId: string): Promise<ReadKey> {
  const document = await kms.call('GetPublicKey', { KeyId: keyId });
  const usage = textAt(awsKms, document, 'KeyUsage');
  if (usage !== 'SIGN_VERIFY') throw notForSigning(keyId, `usage ${usage}`);
  const bytes = base64At(awsKms, document, 'PublicKey');
  const spec = textAt(awsKms, document, 'KeySpec');
  if (!/^(?:RSA_(?:2048|3072|4096)|ECC_NIST_P(?:256|384|521))$/.test(spec)) throw notForSigning(keyId, spec);
  const publicKey = publicKeyOf(awsKms, bytes);
  const algorithms = memberOf(document, 'SigningAlgorithms');
  if (!Array.isArray(algorithms) || !algorithms.includes(signingAlgorithm(publicKey)))
    throw notForSigning(keyId, `a key without ${signingAlgorithm(publicKey)}`);
  return { publicKey, keyId: keyIdIn(document) };
}

function signingAlgorithm(key: PublicKey): string {
  const scheme = key.algorithm === 'rsa' ? 'RSASSA_PKCS1_V1_5' : 'ECDSA';
  return `${scheme}_SHA_${signatureHash(key).slice(3)}`;
}

async function sign(kms: AwsKms, { publicKey, keyId }: ReadKey, data: Uint8Array): Promise<Uint8Array> {
  const document = await kms.call('Sign', {
    KeyId: keyId,
    Message: encodeBase64(digest(signatureHash(publicKey), data)),
    MessageType: 'DIGEST',
    SigningAlgorithm: signingAlgorithm(publicKey),
  });
  return base64At(awsKms, document, 'Signature');
}

function notForSigning(key: string, found: string) {
  return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: `the key ${printable(key, 200)} in ${awsKms} does not sign what Sigstore verifies`,
    found: printable(found, 80),
  });
}
