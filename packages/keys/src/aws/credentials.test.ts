import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Answer, type Asked, startService } from '../testing/service.ts';
import { awsCredentials } from './credentials.ts';
import { parseSections, readAwsProfile } from './profile.ts';

const token = 'the-very-secret-web-token';
const given = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'temporary/secret',
  Token: 'session',
  Expiration: '2999-01-01T00:00:00Z',
};
const xml = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
  <SessionToken>session</SessionToken><SecretAccessKey>temporary/secret</SecretAccessKey>
  <Expiration>2999-01-01T00:00:00Z</Expiration><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'keys-aws-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function credentials(environment: NodeJS.ProcessEnv) {
  const profile = readAwsProfile(environment);
  return awsCredentials({ profile, region: 'eu-central-1', ca: undefined, context: { environment } })();
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  const file = join(directory(), 'token');
  writeFileSync(file, `${token}\n`);
  return { url, asked, file };
}

async function code(of: () => Promise<unknown>): Promise<string> {
  const error = await of().then(
    () => undefined,
    (thrown: unknown) => thrown as Error & { code: string },
  );
  expect(error).toBeInstanceOf(Error);
  expect(JSON.stringify(error) + String(error)).not.toContain(token);
  return error!.code;
}

const temporary = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'temporary/secret',
  sessionToken: 'session',
};
const disabled = { AWS_EC2_METADATA_DISABLED: 'TRUE' };

test('the environment stands over a web identity, that over the profile, and that over the container', async () => {
  const home = directory();
  mkdirSync(join(home, '.aws'));
  const profile = 'aws_access_key_id = AKIDPROFILE\naws_secret_access_key=in/the=profile # mine\n';
  writeFileSync(
    join(home, '.aws', 'credentials'),
    `[other]\n${profile}[default]\naws_access_key_id=X\naws_secret_access_key=Y\n`,
  );
  const { url, file, asked } = await start(({ path }) => (path === '/' ? xml : given));
  const all: NodeJS.ProcessEnv = {
    ...disabled,
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/signer',
    AWS_ENDPOINT_URL: url,
    AWS_PROFILE: 'other',
    HOME: home,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  };
  expect(await credentials(all)).toMatchObject({
    accessKeyId: 'AKID',
    secretAccessKey: 'secret',
    sessionToken: undefined,
  });
  delete all['AWS_ACCESS_KEY_ID'];
  expect(await code(async () => credentials(all))).toBe('KEY_SERVICE_CONFIG');
  delete all['AWS_SECRET_ACCESS_KEY'];
  expect(await credentials(all)).toMatchObject(temporary);
  const form = new URLSearchParams(asked[0]!.body as string);
  expect(form.get('WebIdentityToken')).toBe(token);
  expect(form.get('RoleArn')).toBe(all['AWS_ROLE_ARN']);
  delete all['AWS_WEB_IDENTITY_TOKEN_FILE'];
  expect(await credentials(all)).toMatchObject({
    accessKeyId: 'AKIDPROFILE',
    secretAccessKey: 'in/the=profile',
  });
  writeFileSync(join(home, '.aws', 'credentials'), '[other]\n');
  expect(await credentials(all)).toMatchObject(temporary);
  expect(asked[1]).toMatchObject({ path: '/container', headers: { authorization: token } });
  delete all['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  expect(await code(async () => credentials(all))).toBe('KEY_CREDENTIALS_MISSING');
});

test('a profile with a web identity is used, one that needs a program or a browser says how else', async () => {
  const { url, file } = await start(() => xml);
  const config = join(directory(), 'config');
  const environment = { ...disabled, AWS_CONFIG_FILE: config, AWS_PROFILE: 'ci', AWS_ENDPOINT_URL_STS: url };
  writeFileSync(
    config,
    `[profile ci]\nrole_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = ${file}\n`,
  );
  expect(await credentials(environment)).toMatchObject(temporary);
  for (const line of ['credential_process = x', 'sso_session = x', 'source_profile = default']) {
    writeFileSync(config, `[profile ci]\n${line}\n`);
    expect(await code(async () => credentials(environment))).toBe('KEY_SERVICE_CONFIG');
  }
  expect(await code(async () => credentials({ ...environment, AWS_PROFILE: 'cd' }))).toBe(
    'KEY_SERVICE_CONFIG',
  );
  expect(await code(async () => credentials({ ...environment, AWS_CONFIG_FILE: '/nowhere' }))).toBe(
    'KEY_SERVICE_CONFIG',
  );
});

test('the machine is asked with a session of IMDSv2 only, and not where that is disabled', async () => {
  const session = 'imds-session';
  const { url, asked } = await start(({ method, path, headers }) => {
    if (method === 'PUT' && path === '/latest/api/token') return session;
    if (headers['x-aws-ec2-metadata-token'] !== session) return 401;
    return path.endsWith('/security-credentials/') ? 'signer' : path.endsWith('/signer') ? given : 404;
  });
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${url}/` };
  expect(await credentials(environment)).toMatchObject(temporary);
  expect(asked[0]!.headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('300');
  expect(await code(async () => credentials({ ...environment, ...disabled }))).toBe(
    'KEY_CREDENTIALS_MISSING',
  );
  expect(asked.length).toBe(3);
});

test.each<[string, (asked: Asked) => Answer, string]>([
  ['is not there', () => 404, 'KEY_CREDENTIALS_MISSING'],
  ['knows only IMDSv1', ({ method }) => (method === 'PUT' ? 405 : 'signer'), 'KEY_CREDENTIALS_MISSING'],
  ['has no role', ({ method }) => (method === 'PUT' ? 'x' : 404), 'KEY_CREDENTIALS_MISSING'],
  [
    'answers a role that leads elsewhere',
    ({ method }) => (method === 'PUT' ? 'x' : '../../../user-data'),
    'KEY_SERVICE_ANSWER',
  ],
  ['answers a token that is a header', () => 'x\r\ny: z', 'KEY_CREDENTIALS_MISSING'],
  ['redirects', ({ method }) => (method === 'PUT' ? 'x' : 302), 'KEY_SERVICE_REFUSED'],
  [
    'answers no credentials',
    ({ method, path }) => (method === 'PUT' ? 'x' : path.endsWith('/') ? 'r' : { Code: 'Failed' }),
    'KEY_SERVICE_ANSWER',
  ],
])('a machine whose metadata service %s gives none', async (_, answer, expected) => {
  const { url } = await start(answer);
  expect(await code(async () => credentials({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url }))).toBe(expected);
});

test.each([
  'http://169.254.169.253',
  'http://10.0.0.1',
  'http://metadata.example.com',
  'http://169.254.169.254@evil.example',
  'ftp://127.0.0.1',
])('credentials are not asked for at %s', async (url) => {
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
  expect(await code(async () => credentials(environment))).toBe('KEY_SERVICE_CONFIG');
  const container = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/x`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
  };
  expect(await code(async () => credentials(container))).toBe('KEY_SERVICE_CONFIG');
});

test.each<[string, Answer, string]>([
  ['refuses', [403, { message: `no ${token}` }], 'KEY_SERVICE_REFUSED'],
  ['answers without a secret', { ...given, SecretAccessKey: '' }, 'KEY_SERVICE_ANSWER'],
  ['answers a key that is a header', { ...given, AccessKeyId: 'x\r\ny' }, 'KEY_SERVICE_ANSWER'],
  ['answers a session that is a header', { ...given, Token: 'x\r\ny: z' }, 'KEY_SERVICE_ANSWER'],
  ['answers no time', { ...given, Expiration: 'soon' }, 'KEY_SERVICE_ANSWER'],
  ['answers too much', 'x'.repeat(300_000), 'KEY_SERVICE_UNREACHABLE'],
  ['redirects', 307, 'KEY_SERVICE_REFUSED'],
])('a container whose endpoint %s gives none', async (_, answer, expected) => {
  const { url } = await start(() => answer);
  const environment = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/x`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
  };
  expect(await code(async () => credentials(environment))).toBe(expected);
});

test.each<[string, Answer, string]>([
  ['refuses', [403, {}], 'KEY_SERVICE_REFUSED'],
  [
    'says something twice',
    xml.replace('</Credentials>', '<AccessKeyId>B</AccessKeyId></Credentials>'),
    'KEY_SERVICE_ANSWER',
  ],
  ['says nothing', '<Credentials/>', 'KEY_SERVICE_ANSWER'],
])('a web identity that STS answers and %s is no identity', async (_, answer, expected) => {
  const { url, file } = await start(() => answer);
  const environment = { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'r', AWS_ENDPOINT_URL: url };
  expect(await code(async () => credentials(environment))).toBe(expected);
  expect(await code(async () => credentials({ ...environment, AWS_ROLE_ARN: '' }))).toBe(
    'KEY_SERVICE_CONFIG',
  );
});

test('what expires is got anew before it does', async () => {
  let soon = true;
  const { url, asked } = await start(() => {
    const Expiration = new Date(Date.now() + (soon ? 60_000 : 3_600_000)).toISOString();
    return { ...given, Expiration };
  });
  const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: url };
  const profile = readAwsProfile(environment);
  const get = awsCredentials({ profile, region: 'eu-central-1', ca: undefined, context: { environment } });
  await get();
  soon = false;
  await get();
  await get();
  expect(asked.length).toBe(2);
});

test('settings of a profile are read as AWS’s tools read them', () => {
  const sections = parseSections(
    '# x\n[ profile  a ]\nREGION=eu-central-1 ; here\ns3 =\n  region = us-east-1\n\n[b]\r\nk = a#b\r\n[profile a]\nx=1',
  );
  expect([...sections.get('profile a')!]).toEqual([
    ['region', 'eu-central-1'],
    ['s3', ''],
    ['x', '1'],
  ]);
  expect([...sections.get('b')!]).toEqual([['k', 'a#b']]);
});
