import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { ask } from '../http/ask.ts';
import { accessToken, type BearerToken, exchangeForm } from '../http/bearer.ts';
import { readSetting } from '../http/files.ts';
import { renewed } from '../http/renewed.ts';
import type { KeyContext } from '../managed-key.ts';

/** Who gives tokens, for people. */
const entra = 'Microsoft Entra';

/**
 * Tokens for vaults, from the first of what is set up: a client with its secret; a workload identity (a token in a file,
 * as in AKS); the managed identity of the machine or container.
 *
 * @param ca PEM of an authority that is trusted beside the usual ones
 * @throws KEY_CREDENTIALS_MISSING, KEY_SERVICE_…
 */
export function azureCredentials(
  resource: string,
  ca: string | undefined,
  context: KeyContext,
): () => Promise<BearerToken> {
  const { environment } = context;
  const { AZURE_CLIENT_SECRET: secret, AZURE_FEDERATED_TOKEN_FILE: file } = environment;
  if (secret) {
    return renewed(() => asClient(resource, ca, context, { client_secret: secret }, [secret]));
  }
  if (file) {
    return renewed(() => {
      const assertion = readSetting('AZURE_FEDERATED_TOKEN_FILE', file).trim();
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      return asClient(resource, ca, context, { client_assertion_type, client_assertion: assertion }, [
        assertion,
      ]);
    });
  }
  const other = ['AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_USERNAME'].find((name) => environment[name]);
  if (other !== undefined) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'this way to log in to Azure is not known here',
      expected: 'AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE, or a managed identity',
      found: other,
    });
  }
  return renewed(() => managedIdentity(resource, context));
}

/** The grant of client credentials (RFC 6749 §4.4), of Microsoft's identity platform v2.0. */
async function asClient(
  resource: string,
  ca: string | undefined,
  { environment, signal }: KeyContext,
  proof: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Promise<BearerToken> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client } = environment;
  if (!client || !tenant || !/^[A-Za-z0-9.-]{1,100}$/.test(tenant)) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'to log in to Azure, it has to be said who, and where',
      expected: 'AZURE_TENANT_ID and AZURE_CLIENT_ID',
      found: printable(`tenant ${tenant || 'not set'}, client ${client || 'not set'}`, 160),
    });
  }
  const url = `${authority(environment)}/${tenant}/oauth2/v2.0/token`;
  const form = {
    grant_type: 'client_credentials',
    client_id: client,
    scope: `${resource}/.default`,
    ...proof,
  };
  return await exchangeForm({ name: entra, url, ca, environment, signal }, form, secrets);
}

function authority({ AZURE_AUTHORITY_HOST: named, AZURE_ENVIRONMENT: cloud }: NodeJS.ProcessEnv): string {
  if (named) return named.replace(/\/+$/, '');
  if (/^AZUREUSGOVERNMENT(?:CLOUD)?$/i.test(cloud ?? '')) return 'https://login.microsoftonline.us';
  if (/^AZURECHINACLOUD$/i.test(cloud ?? '')) return 'https://login.chinacloudapi.cn';
  return 'https://login.microsoftonline.com';
}

/** Of a container (Container Apps), else of the machine, by its metadata service. */
async function managedIdentity(resource: string, { environment, signal }: KeyContext): Promise<BearerToken> {
  const name = 'the managed identity endpoint';
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = environment;
  const query = new URLSearchParams({ resource, ...(client ? { client_id: client } : {}) });
  if (endpoint && header) {
    query.set('api-version', '2019-08-01');
    const headers = { 'x-identity-header': header };
    const url = `${endpoint}?${query}`;
    return accessToken(name, await ask({ name, method: 'GET', url, headers, environment, signal }), [header]);
  }
  query.set('api-version', '2018-02-01');
  const base = environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'] || 'http://169.254.169.254';
  const url = `${base.replace(/\/+$/, '')}/metadata/identity/oauth2/token?${query}`;
  const headers = { metadata: 'true' };
  const reply = await ask({ name, method: 'GET', url, headers, environment, signal }).catch(
    (error: unknown) => {
      if ((error as { code?: unknown }).code === 'KEY_SERVICE_UNREACHABLE') throw missing(error);
      throw error;
    },
  );
  // Nobody is assigned to this machine.
  if (reply.status === 400 || reply.status === 404) throw missing();
  return accessToken(name, reply, []);
}

function missing(cause?: unknown) {
  return keysErrors.error('KEY_CREDENTIALS_MISSING', {
    message: 'there are no credentials for Azure',
    expected:
      'AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; or AZURE_FEDERATED_TOKEN_FILE instead of the secret; or a managed identity',
    found: 'none of them',
    remedy:
      'Make a service principal (az ad sp create-for-rbac) and set these variables, or run where there is a managed identity.',
    cause,
  });
}
