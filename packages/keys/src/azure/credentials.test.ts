import { expect, test } from 'vitest';
import { failure as failureOf } from '../testing/failure.ts';
import { testFile } from '../testing/files.ts';
import { type Answer, startService } from '../testing/service.ts';
import { azureCredentials } from './credentials.ts';

const secret = 'very-secret';
const resource = 'https://vault.azure.net';
const token = { access_token: 'given', expires_in: '3599' };

const get = (environment: NodeJS.ProcessEnv) =>
  Promise.resolve().then(() => azureCredentials(resource, undefined, { environment })());
const failure = (of: Promise<unknown>) => failureOf(of, [secret]);
const who = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' };

test('a secret stands over a workload identity, that over a managed identity', async () => {
  const { url, asked } = await startService(({ path }) =>
    path.startsWith('/msi') ? { access_token: 'given', expires_on: '32503680000' } : token,
  );
  const all: NodeJS.ProcessEnv = {
    ...who,
    AZURE_AUTHORITY_HOST: `${url}/`,
    AZURE_CLIENT_SECRET: secret,
    AZURE_FEDERATED_TOKEN_FILE: testFile('the-assertion\n'),
    IDENTITY_ENDPOINT: `${url}/msi/token`,
    IDENTITY_HEADER: secret,
    AZURE_POD_IDENTITY_AUTHORITY_HOST: url,
  };
  const asking = async () => {
    expect(await get(all)).toMatchObject({ token: 'given' });
    const { path, body, headers } = asked.at(-1)!;
    return { path, headers, form: Object.fromEntries(new URLSearchParams(String(body ?? ''))) };
  };
  expect((await asking()).form).toMatchObject({ client_secret: secret, scope: `${resource}/.default` });
  delete all['AZURE_CLIENT_SECRET'];
  const federated = await asking();
  expect(federated.path).toBe('/tenant/oauth2/v2.0/token');
  expect(federated.form).toMatchObject({
    client_assertion: 'the-assertion',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
  delete all['AZURE_FEDERATED_TOKEN_FILE'];
  const container = await asking();
  expect(container.headers['x-identity-header']).toBe(secret);
  expect(container.path).toBe(
    '/msi/token?resource=https%3A%2F%2Fvault.azure.net&client_id=client&api-version=2019-08-01',
  );
  delete all['IDENTITY_HEADER'];
  const machine = await asking();
  expect(machine.headers['metadata']).toBe('true');
  expect(machine.path).toMatch(/^\/metadata\/identity\/oauth2\/token\?/);
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  ['is in no tenant', { AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: secret }, 'KEY_SERVICE_CONFIG'],
  ['is nobody', { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_SECRET: secret }, 'KEY_SERVICE_CONFIG'],
  [
    'is in a tenant that leads elsewhere',
    { ...who, AZURE_TENANT_ID: '../x', AZURE_CLIENT_SECRET: secret },
    'KEY_SERVICE_CONFIG',
  ],
  [
    'logs in over plain HTTP',
    { ...who, AZURE_CLIENT_SECRET: secret, AZURE_AUTHORITY_HOST: 'http://login.example' },
    'KEY_SERVICE_CONFIG',
  ],
  ['has a token nowhere', { ...who, AZURE_FEDERATED_TOKEN_FILE: '/nowhere' }, 'KEY_SERVICE_CONFIG'],
  ['has a certificate', { ...who, AZURE_CLIENT_CERTIFICATE_PATH: '/x' }, 'KEY_SERVICE_CONFIG'],
  [
    'asks a stranger',
    { IDENTITY_ENDPOINT: 'http://10.0.0.1/', IDENTITY_HEADER: secret },
    'KEY_SERVICE_CONFIG',
  ],
  [
    'asks a stranger for a machine',
    { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://10.0.0.1' },
    'KEY_SERVICE_CONFIG',
  ],
])('who %s gets no token', async (_, environment, code) => {
  expect((await failure(get(environment))).code).toBe(code);
});

test.each<[string, Answer, string]>([
  ['refuses', [401, { error: 'invalid_client', error_description: `not ${secret}` }], 'KEY_SERVICE_REFUSED'],
  ['gives no token', { access_token: '', expires_in: 1 }, 'KEY_SERVICE_ANSWER'],
  ['does not say for how long', { access_token: 'x' }, 'KEY_SERVICE_ANSWER'],
  ['gives a header', { ...token, access_token: 'x\r\ny: z' }, 'KEY_SERVICE_ANSWER'],
  ['leads elsewhere', 302, 'KEY_SERVICE_REFUSED'],
  ['is down', 503, 'KEY_SERVICE_UNREACHABLE'],
])('who logs in where somebody %s is not logged in', async (_, answer, code) => {
  const { url } = await startService(() => answer);
  const environment = { ...who, AZURE_CLIENT_SECRET: secret, AZURE_AUTHORITY_HOST: url };
  expect((await failure(get(environment))).code).toBe(code);
});

test('a machine that nobody is assigned to has no credentials', async () => {
  const { url } = await startService(() => [400, { error: 'invalid_request' }]);
  const environment = { AZURE_POD_IDENTITY_AUTHORITY_HOST: url };
  expect((await failure(get(environment))).code).toBe('KEY_CREDENTIALS_MISSING');
});
