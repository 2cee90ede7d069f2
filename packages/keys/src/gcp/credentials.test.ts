import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { failure as failureOf } from '../testing/failure.ts';
import { testFile } from '../testing/files.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';
import { gcpCredentials, kmsScope } from './credentials.ts';

const secret = 'very-secret';
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const token = { access_token: 'given', expires_in: 3600 };

function get(file: object | string, more: NodeJS.ProcessEnv = {}) {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: testFile(text), ...more };
  return Promise.resolve().then(() => gcpCredentials({ environment }).token());
}

const failure = (of: Promise<unknown>) => failureOf(of, [secret, pem.slice(40, 80)]);

test('a service account signs for a token, with its key', async () => {
  const { url, asked } = await startService(() => token);
  const file = {
    type: 'service_account',
    client_email: 'signer@p.iam.gserviceaccount.com',
    private_key: pem,
    private_key_id: 'abc',
    token_uri: `${url}/token`,
  };
  expect(await get(file)).toMatchObject({ token: 'given' });
  const form = new URLSearchParams(asked[0]!.body as string);
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const { payload, protectedHeader } = await jwtVerify(form.get('assertion')!, pair.publicKey, {
    issuer: file.client_email,
    audience: file.token_uri,
  });
  expect(payload['scope']).toBe(kmsScope);
  expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'abc' });
  const broken = await failure(get({ ...file, private_key: pem.replaceAll('A', 'B') }));
  expect(broken.code).toBe('KEY_SERVICE_CONFIG');
});

test('a workload identity is exchanged, from a file, from JSON in it or at a URL, and impersonates whom it should', async () => {
  const { url, asked } = await startService(({ path }) =>
    path === '/subject'
      ? { value: 'subject-token' }
      : path === '/sts'
        ? token
        : { accessToken: 'impersonated', expireTime: '2999-01-01T00:00:00Z' },
  );
  const file = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/sts`,
  };
  const json = { type: 'json', subject_token_field_name: 'value' };
  for (const credential_source of [
    { file: testFile('subject-token\n') },
    { file: testFile('{"value":"subject-token"}'), format: json },
    { url: `${url}/subject`, headers: { authorization: 'bearer runner' }, format: json },
  ]) {
    asked.length = 0;
    expect(await get({ ...file, credential_source })).toMatchObject({ token: 'given' });
    const form = new URLSearchParams(asked.at(-1)!.body as string);
    expect(Object.fromEntries(form)).toMatchObject({
      subject_token: 'subject-token',
      audience: file.audience,
      scope: kmsScope,
    });
  }
  const credential_source = { file: testFile('subject-token') };
  const impersonating = {
    ...file,
    credential_source,
    service_account_impersonation_url: `${url}/impersonate`,
  };
  expect(await get(impersonating)).toMatchObject({ token: 'impersonated' });
  expect(asked.at(-1)).toMatchObject({
    headers: { authorization: 'Bearer given' },
    body: { scope: [kmsScope] },
  });
});

test('somebody who impersonates a service account shows their own token for it', async () => {
  const { url, asked } = await startService(({ path }) =>
    path === '/token' ? token : { accessToken: 'impersonated', expireTime: '2999-01-01T00:00:00Z' },
  );
  const source = {
    type: 'authorized_user',
    client_id: 'c',
    client_secret: secret,
    refresh_token: secret,
    token_uri: `${url}/token`,
  };
  const file = {
    type: 'impersonated_service_account',
    source_credentials: source,
    service_account_impersonation_url: `${url}/i`,
  };
  expect(await get(file)).toMatchObject({ token: 'impersonated' });
  expect(asked[1]).toMatchObject({ path: '/i', headers: { authorization: 'Bearer given' } });
  expect((await failure(get({ ...file, source_credentials: file }))).code).toBe('KEY_SERVICE_CONFIG');
});

test('a machine is asked for its own token, and only where it is', async () => {
  const { url, asked } = await startService(() => token);
  const machine = (GCE_METADATA_HOST: string) =>
    Promise.resolve().then(() => gcpCredentials({ environment: { GCE_METADATA_HOST } }).token());
  expect(await machine(new URL(url).host)).toMatchObject({ token: 'given' });
  expect(asked[0]!.headers['metadata-flavor']).toBe('Google');
  for (const host of ['10.0.0.1', 'metadata.example.com', '169.254.169.254@evil.example'])
    expect((await failure(machine(host))).code).toBe('KEY_SERVICE_CONFIG');
  const none = await startService(() => 404);
  expect((await failure(machine(new URL(none.url).host))).code).toBe('KEY_CREDENTIALS_MISSING');
});

const user = { type: 'authorized_user', client_id: 'c', client_secret: secret, refresh_token: secret };
test.each<[string, object | string, string]>([
  ['is no JSON', secret, 'KEY_SERVICE_CONFIG'],
  ['is a list', '[]', 'KEY_SERVICE_CONFIG'],
  ['is of no type', {}, 'KEY_SERVICE_CONFIG'],
  ['is of another type', { type: 'external_account_authorized_user' }, 'KEY_SERVICE_CONFIG'],
  ['lacks something', { ...user, refresh_token: '' }, 'KEY_SERVICE_CONFIG'],
  ['sends its secrets elsewhere', { ...user, token_uri: 'https://evil.example/token' }, 'KEY_SERVICE_CONFIG'],
  [
    'sends them to a name that ends like Google’s',
    { ...user, token_uri: 'https://evilgoogleapis.com/' },
    'KEY_SERVICE_CONFIG',
  ],
  ['sends them in plain', { ...user, token_uri: 'http://oauth2.googleapis.com/token' }, 'KEY_SERVICE_CONFIG'],
  [
    'sends them as a password',
    { ...user, token_uri: 'https://x@oauth2.googleapis.com/' },
    'KEY_SERVICE_CONFIG',
  ],
  [
    'starts a program',
    {
      type: 'external_account',
      token_url: 'https://sts.googleapis.com/v1/token',
      audience: 'a',
      subject_token_type: 'b',
      credential_source: { executable: {} },
    },
    'KEY_SERVICE_CONFIG',
  ],
])('a file that %s is refused', async (_, file, code) => {
  expect((await failure(get(file))).code).toBe(code);
});

test.each<[string, (asked: Asked) => Answer, string]>([
  [
    'refuses',
    ({ body }) => [
      400,
      {
        error: 'invalid_grant',
        error_description: String(new URLSearchParams(String(body)).get('refresh_token')),
      },
    ],
    'KEY_SERVICE_REFUSED',
  ],
  ['gives none', () => ({ expires_in: 1 }), 'KEY_SERVICE_ANSWER'],
  ['gives none that is one', () => ({ ...token, access_token: 'x\r\ny: z' }), 'KEY_SERVICE_ANSWER'],
  ['does not say for how long', () => ({ ...token, expires_in: 'long' }), 'KEY_SERVICE_ANSWER'],
  ['leads elsewhere', () => 302, 'KEY_SERVICE_REFUSED'],
  ['is down', () => 500, 'KEY_SERVICE_UNREACHABLE'],
])('who is asked for a token and %s is a fault or a refusal', async (_, answer, code) => {
  const { url } = await startService(answer);
  expect((await failure(get({ ...user, token_uri: url }))).code).toBe(code);
});
