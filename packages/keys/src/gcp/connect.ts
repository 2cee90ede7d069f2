import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { bearing } from '../http/bearer.ts';
import { type KeyService, memberOf, openKeyService, refused, type ServiceAnswer } from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';
import { gcpCredentials } from './credentials.ts';

/** What Google Cloud KMS is called in messages. */
export const gcpKms = 'Google Cloud KMS';

/** Connects to Cloud KMS, or where gcloud's own variable for its address says. @throws KEY_SERVICE_CONFIG */
export function connectGcpKms(context: KeyContext): KeyService {
  const { environment, signal } = context;
  const { token, quotaProject } = gcpCredentials(context);
  const named = environment['CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS'];
  return openKeyService({
    name: gcpKms,
    url: (named || 'https://cloudkms.googleapis.com').replace(/\/+$/, ''),
    authorization: async () =>
      bearing(await token(), quotaProject === undefined ? {} : { 'x-goog-user-project': quotaProject }),
    connection: {},
    environment,
    signal,
    answers: [400, 404, 409],
  });
}

/** What a refusal of `name` is (google.rpc.Code). */
export function gcpFailure({ status, document, said }: ServiceAnswer, name: string) {
  const error = memberOf(document, 'error');
  const code = typeof error === 'object' && error !== null && 'status' in error ? String(error.status) : '';
  const found = printable(`${code === '' ? `HTTP ${status}` : code}${said === '' ? '' : `: ${said}`}`, 300);
  if (status === 404) {
    return keysErrors.error('KEY_NOT_FOUND', {
      message: `${gcpKms} has no ${name}`,
      found,
      remedy:
        'Check project, location, key ring and key: gcloud kms keys list --location LOCATION --keyring RING',
    });
  }
  if (status === 409)
    return keysErrors.error('KEY_EXISTS', { message: `${gcpKms} has ${name} already`, found });
  if (code === 'FAILED_PRECONDITION') {
    return keysErrors.error('KEY_DISABLED', {
      message: `${name} in ${gcpKms} cannot be used: it is disabled, destroyed, not yet made, or for something else`,
      found,
      remedy: 'gcloud kms keys versions list shows its state, gcloud kms keys versions enable enables it.',
    });
  }
  return refused(gcpKms, status, found);
}
