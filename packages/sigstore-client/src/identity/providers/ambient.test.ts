import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { fakeServices, Refused } from '../../testing/services.ts';
import { ambientProvider, providersOffered } from './ambient.ts';
import { readField, writeText } from './protobuf.ts';
import type { Surroundings } from './provider.ts';

const nowhere: Surroundings = {
  env: {},
  readFile: () => null,
  exists: () => false,
  services: fakeServices({}),
};
const request = (surroundings: Surroundings) =>
  ambientProvider(surroundings)!.request(surroundings, 'sigstore');

test('where nothing is offered there is no provider, and one that is named is an error', () => {
  expect(ambientProvider(nowhere)).toBeNull();
  expect(() => ambientProvider(nowhere, 'github-actions')).toThrow(
    expect.objectContaining({ code: 'IDENTITY_PROVIDER_FAILED' }),
  );
});

test('every provider is told, with whether it is offered', () => {
  const offered = (surroundings: Partial<Surroundings>) =>
    [...providersOffered({ ...nowhere, ...surroundings })].filter(([, is]) => is).map(([name]) => name);
  expect([...providersOffered(nowhere).keys()].sort()).toEqual([
    'buildkite-agent',
    'filesystem',
    'github-actions',
    'google-impersonate',
    'google-workload-identity',
    'spiffe',
  ]);
  expect(offered({})).toEqual([]);
  expect(offered({ env: { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' } })).toEqual([]);
  expect(offered({ env: { GCE_METADATA_HOST: 'metadata.test' } })).toEqual(['google-workload-identity']);
  expect(offered({ env: { BUILDKITE_AGENT_ACCESS_TOKEN: 'x', GOOGLE_SERVICE_ACCOUNT_NAME: 'x' } })).toEqual([
    'buildkite-agent',
    'google-impersonate',
  ]);
});

test('GitHub Actions is asked at its address, with its token, for our audience', async () => {
  const services = fakeServices({ 'GET https://actions.test/token': () => ({ value: 'a.b.c' }) });
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://actions.test/token?api-version=2',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
  };
  expect(await request({ ...nowhere, env, services })).toBe('a.b.c');
  const [asked] = services.requests;
  expect(asked!.url.search).toBe('?api-version=2&audience=sigstore');
  expect(asked!.headers).toMatchObject({ authorization: 'Bearer secret' });
});

test('a refusal of GitHub’s is a fault in which its token does not stand', async () => {
  const services = fakeServices({
    'GET https://actions.test/token': () => new Refused(403, 'no for secret'),
  });
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://actions.test/token',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
  };
  await expect(request({ ...nowhere, env, services })).rejects.toMatchObject({
    code: 'IDENTITY_PROVIDER_FAILED',
    message: 'GitHub Actions gave no identity token: no for …',
  });
});

test('Buildkite’s agent is asked for the job', async () => {
  const services = fakeServices({
    'POST https://agent.buildkite.com/v3/jobs/job-1/oidc/tokens': ({ body, headers }) => {
      expect(new TextDecoder().decode(body)).toBe('{"audience":"sigstore"}');
      expect(headers).toMatchObject({ authorization: 'Token secret' });
      return { token: 'a.b.c' };
    },
  });
  const env = { BUILDKITE_AGENT_ACCESS_TOKEN: 'secret', BUILDKITE_JOB_ID: 'job-1' };
  expect(await request({ ...nowhere, env, services })).toBe('a.b.c');
  await expect(
    request({ ...nowhere, env: { ...env, BUILDKITE_JOB_ID: '../../x' }, services }),
  ).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_FAILED' });
});

const metadata = 'GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default';

test('Google’s metadata server gives the machine’s identity', async () => {
  const services = fakeServices({ [`${metadata}/identity`]: () => 'a.b.c\n' });
  const readFile = (path: string) =>
    path === '/sys/class/dmi/id/product_name' ? new TextEncoder().encode('Google Compute Engine\n') : null;
  expect(await request({ ...nowhere, readFile, services })).toBe('a.b.c');
  expect(services.requests[0]!.url.search).toBe('?audience=sigstore&format=full');
  expect(services.requests[0]!.headers).toMatchObject({ 'metadata-flavor': 'Google' });
});

test('a service account of Google’s is impersonated by name', async () => {
  const services = fakeServices({
    [`${metadata}/token`]: () => ({ access_token: 'access' }),
    'POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci%40project.test:generateIdToken':
      ({ headers }) => {
        expect(headers).toMatchObject({ authorization: 'Bearer access' });
        return { token: 'a.b.c' };
      },
  });
  const env = { GOOGLE_SERVICE_ACCOUNT_NAME: 'ci@project.test' };
  const surroundings = { ...nowhere, env, services };
  expect(await ambientProvider(surroundings, 'google')!.request(surroundings, 'sigstore')).toBe('a.b.c');
});

test('a token in the file that Kubernetes projects is read', async () => {
  const path = '/var/run/sigstore/cosign/oidc-token';
  const surroundings = {
    ...nowhere,
    exists: (asked: string) => asked === path,
    readFile: (asked: string) => (asked === path ? new TextEncoder().encode('a.b.c') : null),
  };
  expect(await request(surroundings)).toBe('a.b.c');
});

interface Agent {
  readonly answer?: Uint8Array;
  readonly status?: string;
}

/** A SPIFFE agent on a socket. */
async function agent({ answer = new Uint8Array(), status = '0' }: Agent): Promise<Surroundings> {
  const directory = mkdtempSync(join(tmpdir(), 'spiffe-'));
  const server = createServer();
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const message = Buffer.concat(chunks).subarray(5);
      const asked =
        headers[':path'] === '/SpiffeWorkloadAPI/FetchJWTSVID' &&
        headers['workload.spiffe.io'] === 'true' &&
        new TextDecoder().decode(readField(message, 1) ?? new Uint8Array()) === 'sigstore';
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': asked ? status : '3', 'grpc-message': 'not for you' }),
      );
      const header = Buffer.alloc(5);
      header.writeUInt32BE(answer.byteLength, 1);
      stream.end(Buffer.concat([header, answer]));
    });
  });
  const socket = join(directory, 'agent.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    ...nowhere,
    env: { SPIFFE_ENDPOINT_SOCKET: `unix://${socket}` },
    exists: (path) => path === socket,
  };
}

const identity = (token: string) => {
  const inner = Buffer.concat([writeText(1, 'spiffe://example.test/ci'), writeText(2, token)]);
  return Buffer.concat([Uint8Array.of((1 << 3) | 2, inner.byteLength), inner]);
};

test('a SPIFFE agent gives the first identity it has for us', async () => {
  expect(await request(await agent({ answer: identity('a.b.c') }))).toBe('a.b.c');
});

test('its socket may be named by its path alone, as cosign has it', async () => {
  const surroundings = await agent({ answer: identity('a.b.c') });
  const socket = surroundings.env.SPIFFE_ENDPOINT_SOCKET!.replace('unix://', '');
  expect(await request({ ...surroundings, env: { SPIFFE_ENDPOINT_SOCKET: socket } })).toBe('a.b.c');
  for (const other of ['agent.sock', 'tcp://127.0.0.1:8081', `http://x${socket}`]) {
    const env = { SPIFFE_ENDPOINT_SOCKET: other };
    expect(ambientProvider({ ...surroundings, env, exists: () => true }, undefined)?.name, other).toBe(
      'filesystem',
    );
  }
});

test.each([
  ['refuses', { status: '7' }],
  ['has no identity for us', {}],
  ['answers something else', { answer: Uint8Array.of(0x0a, 0xff, 0x01) }],
])('a SPIFFE agent that %s is a fault', async (_name, behaviour) => {
  await expect(request(await agent(behaviour))).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_FAILED' });
});

test('a socket that nobody listens on is a fault', async () => {
  const env = { SPIFFE_ENDPOINT_SOCKET: 'unix:///nowhere/agent.sock' };
  await expect(request({ ...nowhere, env, exists: () => true })).rejects.toMatchObject({
    code: 'IDENTITY_PROVIDER_FAILED',
  });
});

test('a protobuf message of any bytes is read or refused, never more', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (bytes, field) => {
      try {
        const found = readField(bytes, field);
        expect(found === null || found.byteLength <= bytes.byteLength).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'IDENTITY_PROVIDER_FAILED' });
      }
    }),
  );
});
