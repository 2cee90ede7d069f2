import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { isLoopback } from '@pratique/oci';
import { keysErrors } from '../errors.ts';
import { ask } from '../http/ask.ts';
import { accessToken, type BearerToken, bearerToken, bearing, exchangeForm } from '../http/bearer.ts';
import { readSetting, readSettingIfThere } from '../http/files.ts';
import { renewed } from '../http/renewed.ts';
import {
  documentOf,
  explanation,
  harmless,
  memberOf,
  refused,
  textAt,
  wrongAnswer,
} from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';
import { serviceAccountToken } from './service-account.ts';

export interface GcpCredentials {
  readonly token: () => Promise<BearerToken>;
  /** The project whose quota is used; undefined for that of the credentials. */
  readonly quotaProject: string | undefined;
}

/** Who gives tokens, for people. */
const google = 'Google’s token service';
export const kmsScope = 'https://www.googleapis.com/auth/cloudkms';
const platformScope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Google's Application Default Credentials: the file of GOOGLE_APPLICATION_CREDENTIALS, else the one that `gcloud auth
 * application-default login` writes, else the metadata server of the machine. A file is a service account, a user, a
 * workload identity (token in a file or at a URL), or somebody who impersonates a service account.
 *
 * @throws KEY_CREDENTIALS_MISSING, KEY_SERVICE_…
 */
export function gcpCredentials(context: KeyContext): GcpCredentials {
  const { environment } = context;
  const text = credentialsFile(environment);
  const file = text === undefined ? undefined : fileDocument(text);
  const quota = environment['GOOGLE_CLOUD_QUOTA_PROJECT'] || (file && memberOf(file, 'quota_project_id'));
  return {
    token: renewed(() => (file === undefined ? machineToken(context) : tokenOf(file, kmsScope, context))),
    quotaProject: typeof quota === 'string' && /^[a-z0-9.:-]{1,100}$/.test(quota) ? quota : undefined,
  };
}

function credentialsFile(environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment['GOOGLE_APPLICATION_CREDENTIALS'];
  if (named) return readSetting('GOOGLE_APPLICATION_CREDENTIALS', named);
  const { CLOUDSDK_CONFIG: configured, HOME: home } = environment;
  const directory = configured || (home && join(home, '.config', 'gcloud'));
  if (!directory) return undefined;
  return readSettingIfThere(
    configured ? 'CLOUDSDK_CONFIG' : 'HOME',
    join(directory, 'application_default_credentials.json'),
  );
}

/** Nothing of it reaches an error: it is a secret. */
function fileDocument(text: string): JsonObject {
  try {
    return documentOf(google, new TextEncoder().encode(text));
  } catch {
    throw unusable('it is no JSON object');
  }
}

async function tokenOf(file: JsonObject, scope: string, context: KeyContext): Promise<BearerToken> {
  const { environment, signal } = context;
  const type = memberOf(file, 'type');
  switch (type) {
    case 'service_account': {
      const url = googleUrl(file, 'token_uri', 'https://oauth2.googleapis.com/token');
      const assertion = await serviceAccountToken({
        email: setting(file, 'client_email'),
        privateKey: setting(file, 'private_key'),
        keyId: memberOf(file, 'private_key_id'),
        audience: url,
        scope,
      });
      const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
      const asked = { name: google, url, environment, signal };
      return await exchangeForm(asked, { grant_type: grant, assertion }, [assertion]);
    }
    case 'authorized_user': {
      const url = googleUrl(file, 'token_uri', 'https://oauth2.googleapis.com/token');
      const [client_id, client_secret, refresh_token] = (
        ['client_id', 'client_secret', 'refresh_token'] as const
      ).map((name) => setting(file, name)) as [string, string, string];
      const form = { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
      const asked = { name: google, url, environment, signal };
      return await exchangeForm(asked, form, [client_secret, refresh_token]);
    }
    case 'external_account': {
      const impersonates = memberOf(file, 'service_account_impersonation_url') !== undefined;
      const federated = await federatedToken(file, impersonates ? platformScope : scope, context);
      return impersonates ? await impersonate(file, federated, scope, context) : federated;
    }
    case 'impersonated_service_account': {
      const source = memberOf(file, 'source_credentials');
      if (!isJsonObject(source) || memberOf(source, 'type') === type)
        throw unusable('source_credentials is missing');
      return await impersonate(file, await tokenOf(source, platformScope, context), scope, context);
    }
    default:
      throw unusable(`its type is ${typeof type === 'string' ? printable(type, 60) : 'missing'}`);
  }
}

/** Workload identity federation: a token of somebody else's, exchanged for one of Google's (RFC 8693). */
async function federatedToken(file: JsonObject, scope: string, context: KeyContext): Promise<BearerToken> {
  const { environment, signal } = context;
  const subject = await subjectToken(file, context);
  return await exchangeForm(
    { name: google, url: googleUrl(file, 'token_url'), environment, signal },
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: setting(file, 'audience'),
      scope,
      subject_token: subject,
      subject_token_type: setting(file, 'subject_token_type'),
    },
    [subject],
  );
}

async function subjectToken(file: JsonObject, { environment, signal }: KeyContext): Promise<string> {
  const source = memberOf(file, 'credential_source');
  if (!isJsonObject(source)) throw unusable('credential_source is missing');
  const path = memberOf(source, 'file');
  const url = memberOf(source, 'url');
  let text: string;
  if (typeof path === 'string') text = readSetting('credential_source', path);
  else if (typeof url === 'string') {
    const name = 'the source of the workload identity';
    const given = memberOf(source, 'headers');
    const headers = Object.fromEntries(
      Object.entries(isJsonObject(given) ? given : {}).filter(
        (header): header is [string, string] => typeof header[1] === 'string' && !/[\r\n]/.test(header[1]),
      ),
    );
    const { status, body } = await ask({ name, method: 'GET', url, headers, environment, signal });
    if (status !== 200) throw refused(name, status, harmless(explanation(body), Object.values(headers)));
    text = new TextDecoder().decode(body);
  } else throw unusable('its credential_source is neither a file nor a url');
  const format = memberOf(source, 'format');
  if (!isJsonObject(format) || memberOf(format, 'type') !== 'json') return text.trim();
  return textAt(
    'the source of the workload identity',
    fileDocument(text),
    setting(format, 'subject_token_field_name'),
  );
}

async function impersonate(
  file: JsonObject,
  by: BearerToken,
  scope: string,
  { environment, signal }: KeyContext,
): Promise<BearerToken> {
  const name = 'Google’s IAM';
  const { status, body } = await ask({
    name,
    method: 'POST',
    url: googleUrl(file, 'service_account_impersonation_url'),
    headers: bearing(by).headers,
    body: { type: 'application/json', text: JSON.stringify({ scope: [scope], lifetime: '3600s' }) },
    environment,
    signal,
  });
  if (status !== 200) throw refused(name, status, harmless(explanation(body), [by.token]));
  const document = documentOf(name, body);
  const expires = Date.parse(textAt(name, document, 'expireTime'));
  if (Number.isNaN(expires)) throw wrongAnswer(name, 'expireTime is no time');
  return bearerToken(name, textAt(name, document, 'accessToken'), expires);
}

/** The service account of the machine or Pod. GCE_METADATA_HOST is what Google's own libraries honour. */
async function machineToken({ environment, signal }: KeyContext): Promise<BearerToken> {
  const name = 'the metadata server of the machine';
  const host = environment['GCE_METADATA_HOST'] || '169.254.169.254';
  const base = `http://${host === 'metadata.google.internal' ? '169.254.169.254' : host}`;
  const path = '/computeMetadata/v1/instance/service-accounts/default/token';
  const url = `${base}${path}?scopes=${encodeURIComponent(kmsScope)}`;
  const headers = { 'metadata-flavor': 'Google' };
  const reply = await ask({ name, method: 'GET', url, headers, environment, signal }).catch(
    (error: unknown) => {
      if ((error as { code?: unknown }).code === 'KEY_SERVICE_UNREACHABLE') throw missing(error);
      throw error;
    },
  );
  if (reply.status === 404) throw missing();
  return accessToken(name, reply, []);
}

/** An address in a file of credentials, where secrets are sent: Google's, or on this machine. */
function googleUrl(file: JsonObject, name: string, otherwise?: string): string {
  const text = memberOf(file, name) === undefined && otherwise ? otherwise : setting(file, name);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username === '' && url.password === '') {
    if (url.protocol === 'https:' && /^[a-z0-9.-]+\.googleapis\.com$/.test(url.host)) return text;
    if (isLoopback(url.hostname)) return text;
  }
  throw unusable(`its ${name} is no address of Google’s`);
}

function setting(file: JsonObject, name: string): string {
  const value = memberOf(file, name);
  if (typeof value === 'string' && value !== '') return value;
  throw unusable(`${name} is missing`);
}

function unusable(problem: string) {
  return keysErrors.error('KEY_SERVICE_CONFIG', {
    message: `the file with credentials for Google Cloud cannot be used: ${problem}`,
    expected:
      'a service_account, an authorized_user, an impersonated_service_account, or an external_account with a token in a file or at a url',
    remedy: 'Name another in GOOGLE_APPLICATION_CREDENTIALS, or run: gcloud auth application-default login',
  });
}

function missing(cause?: unknown) {
  return keysErrors.error('KEY_CREDENTIALS_MISSING', {
    message: 'there are no credentials for Google Cloud',
    expected:
      'GOOGLE_APPLICATION_CREDENTIALS, ~/.config/gcloud/application_default_credentials.json, or a machine with a service account',
    found: 'none of them',
    remedy: 'gcloud auth application-default login',
    cause,
  });
}
