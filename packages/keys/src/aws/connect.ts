import type { JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { pause } from '@pratique/oci';
import { AwsV4Signer } from 'aws4fetch';
import { keysErrors } from '../errors.ts';
import { readSetting } from '../http/files.ts';
import { type Authorization, type Outgoing, openKeyService, refused } from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';
import { type AwsCredentials, awsCredentials } from './credentials.ts';
import { awsEndpoint, awsRegion } from './place.ts';
import { readAwsProfile } from './profile.ts';
import type { AwsKey } from './reference.ts';

/** What AWS KMS is called in messages. */
export const awsKms = 'AWS KMS';

export type AwsAction = 'GetPublicKey' | 'Sign' | 'CreateKey' | 'CreateAlias';

/** KMS in one region, as whoever the credentials belong to. */
export interface AwsKms {
  readonly region: string;
  /** @throws KEY_NOT_FOUND, KEY_EXISTS, KEY_DISABLED, KEY_MECHANISM_UNSUPPORTED, KEY_CREDENTIALS_MISSING, KEY_SERVICE_… */
  call(action: AwsAction, body: JsonObject): Promise<JsonObject>;
  close(): void;
}

/** Tries of what KMS answers with 400, although it is to be tried again. */
const tries = 4;

/** Connects to KMS in the region of a key, or at the endpoint that its reference names. @throws KEY_SERVICE_CONFIG */
export function connectAwsKms(key: AwsKey, context: KeyContext): AwsKms {
  const { environment, signal } = context;
  const profile = readAwsProfile(environment);
  const region = awsRegion(key.region, environment, profile);
  const bundle = environment['AWS_CA_BUNDLE'];
  const ca = bundle ? readSetting('AWS_CA_BUNDLE', bundle) : undefined;
  const credentials = awsCredentials({ profile, region, ca, context });
  const service = openKeyService({
    name: awsKms,
    url: key.endpoint === undefined ? awsEndpoint('kms', region, environment) : `https://${key.endpoint}`,
    authorization: async (outgoing) => signRequest(outgoing, region, await credentials()),
    connection: ca === undefined ? {} : { ca },
    environment,
    signal,
    answers: [400],
  });
  return {
    region,
    close: service.close,
    async call(action, body) {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `TrentService.${action}`,
      };
      for (let attempt = 1; ; attempt++) {
        const once = action === 'CreateKey';
        const { status, document, said } = await service.send('POST', '/', body, { headers, once });
        if (status === 200) return document;
        const kind = /([A-Za-z.]{1,80})$/.exec(String(document['__type']))?.[1] ?? '';
        if (kind !== 'ThrottlingException' || attempt >= tries) throw failure(kind, said, key.keyId);
        await pause(Math.random() * 500 * 2 ** attempt, signal);
      }
    },
  };
}

/** AWS Signature Version 4. */
async function signRequest(
  { method, url, headers, bytes }: Outgoing,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Promise<Authorization> {
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: { 'x-amz-target': headers['x-amz-target']! },
    ...(bytes === undefined ? {} : { body: bytes }),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 'kms',
    region,
  });
  const signed = await signer.sign();
  return {
    headers: Object.fromEntries(signed.headers),
    secrets: [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])],
  };
}

/** What a refusal of KMS is (its API Reference, Common Errors and the errors of each action). */
function failure(kind: string, said: string, key: string) {
  const told = printable(`${kind}${said === '' ? '' : `: ${said}`}`, 300);
  switch (kind) {
    case 'NotFoundException':
      return keysErrors.error('KEY_NOT_FOUND', {
        message: `${awsKms} has no key ${key}, in this account and region`,
        found: told,
        remedy:
          'Check AWS_REGION and whose credentials are used (aws sts get-caller-identity); pratique generate-key-pair --kms awskms:///alias/NAME makes a key.',
      });
    case 'DisabledException':
    case 'KMSInvalidStateException':
      return keysErrors.error('KEY_DISABLED', {
        message: `the key ${key} in ${awsKms} is disabled, or to be deleted`,
        found: told,
        remedy: `aws kms enable-key --key-id ${key}, or aws kms cancel-key-deletion before it`,
      });
    case 'InvalidKeyUsageException':
    case 'UnsupportedOperationException':
      return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
        message: `the key ${key} in ${awsKms} does not sign`,
        found: told,
      });
    case 'AlreadyExistsException':
      return keysErrors.error('KEY_EXISTS', { message: `${awsKms} has ${key} already`, found: told });
    case 'ThrottlingException':
    case 'LimitExceededException':
      return keysErrors.error('KEY_SERVICE_UNREACHABLE', {
        message: `${awsKms} takes no more requests for now`,
        found: told,
        remedy: 'Try again later, or have the request quota of KMS raised.',
      });
    case 'AccessDeniedException':
      return keysErrors.error('KEY_SERVICE_REFUSED', {
        message: `${awsKms} does not allow what is asked of the key ${key}: ${told}`,
        expected:
          'kms:GetPublicKey to verify, kms:Sign to sign too; kms:CreateKey and kms:CreateAlias to make a key',
        found: 'HTTP 400',
      });
    default:
      return refused(awsKms, 400, told);
  }
}
