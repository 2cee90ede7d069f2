import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatPem, generateSigningKey } from '@pratique/crypto';
import { exportJWK, importPKCS8, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { type IssuerOptions, parseIssuers } from './issuers.ts';
import { remoteKeys } from './remote-keys.ts';
import { trustIssuers, verifyToken } from './tokens.ts';

const key = generateSigningKey();

/** An issuer on loopback whose answers a test makes wrong. */
async function issuer(answers: (url: string) => Record<string, unknown>): Promise<string> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const answer = answers(url)[request.url!];
    if (typeof answer === 'string') response.writeHead(302, { location: answer }).end();
    else if (answer === undefined) response.writeHead(404).end();
    else response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => void server.close());
  return url;
}

const discovery = '/.well-known/openid-configuration';
const jwks = async () => ({ keys: [await exportJWK(key.publicKey.keyObject)] });

async function verify(url: string, options: Partial<IssuerOptions> = {}, claims: object = {}) {
  const private_ = await importPKCS8(formatPem('PRIVATE KEY', key.exportPkcs8()), 'ES256');
  const token = await new SignJWT({ iss: url, sub: 'system:serviceaccount:ci:builder', ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuedAt()
    .setExpirationTime('1m')
    .setAudience('sigstore')
    .sign(private_);
  const [own, elsewhere] = parseIssuers([
    { url: 'https://own.test', type: 'email' },
    { url, type: 'kubernetes', ...options },
  ]);
  return await verifyToken(token, trustIssuers({ issuer: own!, keys: remoteKeys(own!.url) }, [elsewhere!]));
}

test('a service account of a configured cluster gets its name', async () => {
  const set = await jwks();
  const url = await issuer((self) => ({
    [discovery]: { issuer: self, jwks_uri: `${self}/jwks` },
    '/jwks': set,
  }));
  expect((await verify(url)).name.value).toBe('https://kubernetes.io/namespaces/ci/serviceaccounts/builder');
});

test('discovery that is another issuer’s, on another host, a redirect or too large brings no keys', async () => {
  const set = await jwks();
  const elsewhere = await issuer(() => ({ '/jwks': set }));
  const cases: ((self: string) => Record<string, unknown>)[] = [
    (self) => ({ [discovery]: { issuer: 'https://other.test', jwks_uri: `${self}/jwks` }, '/jwks': set }),
    (self) => ({ [discovery]: { issuer: self, jwks_uri: `${elsewhere}/jwks` } }),
    (self) => ({ [discovery]: { issuer: self, jwks_uri: `${self}/jwks` }, '/jwks': `${elsewhere}/jwks` }),
    (self) => ({
      [discovery]: { issuer: self, jwks_uri: `${self}/jwks` },
      '/jwks': { ...set, pad: 'x'.repeat(300_000) },
    }),
    () => ({}),
  ];
  for (const answers of cases) {
    await expect(verify(await issuer(answers))).rejects.toMatchObject({ status: 401 });
  }
});

test.each<[string, Partial<IssuerOptions>, object]>([
  ['an empty namespace', {}, { sub: 'system:serviceaccount::builder' }],
  ['a user who is no service account', {}, { sub: 'system:admin' }],
  [
    'a host that only begins alike',
    { type: 'uri', subjectPrefix: 'https://ci.test/' },
    { sub: 'https://ci.test.eve/x' },
  ],
  [
    'a workflow without repository',
    { type: 'github-workflow' },
    { job_workflow_ref: 'o/r/.github/w.yml@refs/heads/main' },
  ],
])('%s is no identity', async (_, options, claims) => {
  const set = await jwks();
  const url = await issuer((self) => ({
    [discovery]: { issuer: self, jwks_uri: `${self}/jwks` },
    '/jwks': set,
  }));
  await expect(verify(url, options, claims)).rejects.toMatchObject({ status: 401 });
});
