import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildImageManifest } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { quick } from '../testing/options.ts';
import { json, startScripted } from '../testing/server.ts';
import { parseChallenges } from './challenge.ts';
import { createRegistryClient, openRepository } from './client.ts';

const image = buildImageManifest({ layers: [] });
const credentials = { username: 'me', password: 'top-secret' };

/** A registry with its token service; `grant` says what the service does. */
async function startWithTokens(
  options: { expiresIn?: number; status?: number; realm?: string; revoke?: () => boolean } = {},
) {
  let issued = 0;
  const tokens = await startScripted((_, response) =>
    json(response, options.status ?? 200, { token: `t${++issued}`, expires_in: options.expiresIn }),
  );
  const valid = (authorization: string | undefined) =>
    authorization === `Bearer t${issued}` && issued > 0 && !options.revoke?.();
  const registry = await startScripted((request, response) => {
    if (valid(request.headers.authorization))
      return void response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
    const realm = options.realm ?? `http://${tokens.host}/token`;
    response
      .writeHead(401, {
        'www-authenticate': `Bearer realm="${realm}",service="the, \\"registry\\"",scope="repository:app:pull"`,
      })
      .end();
  });
  return { tokens, registry };
}

describe('bearer tokens', () => {
  test('are asked for with service and scope, with credentials, once for all requests', async () => {
    const { tokens, registry } = await startWithTokens({ expiresIn: 300 });
    const repository = openRepository(`${registry.host}/app`, { ...quick, credentials });
    await repository.getManifest('v1');
    await Promise.all([repository.getManifest('v1'), repository.getManifest('v2')]);
    expect(tokens.seen).toHaveLength(1);
    const url = new URL(tokens.seen[0]!.path, 'http://x');
    expect(url.searchParams.get('service')).toBe('the, "registry"');
    expect(url.searchParams.getAll('scope')).toEqual(['repository:app:pull']);
    expect(tokens.seen[0]!.headers.authorization).toBe(
      `Basic ${Buffer.from('me:top-secret').toString('base64')}`,
    );
    expect(registry.seen.every(({ headers }) => !headers.authorization?.startsWith('Basic'))).toBe(true);
  });

  test('are asked for once by requests that all come before the first answer', async () => {
    const { tokens, registry } = await startWithTokens({ expiresIn: 300 });
    const repository = openRepository(`${registry.host}/app`, quick);
    await Promise.all(['v1', 'v2', 'v3', 'v4'].map((tag) => repository.getManifest(tag)));
    expect(tokens.seen).toHaveLength(1);
  });

  test('are had without credentials where the registry allows it', async () => {
    const { tokens, registry } = await startWithTokens();
    await openRepository(`${registry.host}/app`, quick).getManifest('v1');
    expect(tokens.seen[0]!.headers.authorization).toBeUndefined();
  });

  test('are asked for again when they have run out or were revoked', async () => {
    const { tokens, registry } = await startWithTokens({ expiresIn: 0.001 });
    const repository = openRepository(`${registry.host}/app`, quick);
    await repository.getManifest('v1');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await repository.getManifest('v1');
    expect(tokens.seen).toHaveLength(2);

    let revoked = false;
    const other = await startWithTokens({ expiresIn: 300, revoke: () => revoked });
    const second = openRepository(`${other.registry.host}/app`, quick);
    await second.getManifest('v1');
    revoked = true;
    await expect(second.getManifest('v1')).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_UNAUTHORIZED', kind: 'auth' }),
    );
    // Once with the old token, once with a fresh one, and no endless loop.
    expect(other.registry.seen).toHaveLength(4);
    expect(other.tokens.seen).toHaveLength(2);
  });

  test.each([
    ['refuses', 401, 'OCI_UNAUTHORIZED', 'auth'],
    ['forbids', 403, 'OCI_FORBIDDEN', 'auth'],
    ['has trouble', 500, 'OCI_SERVER_ERROR', 'fault'],
  ])('a token service that %s', async (_, status, code, kind) => {
    const { registry } = await startWithTokens({ status });
    const error = await openRepository(`${registry.host}/app`, { ...quick, credentials })
      .getManifest('v1')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, kind });
    expect(JSON.stringify([(error as Error).message, (error as Error).stack])).not.toContain('top-secret');
  });

  test.each([
    ['nothing', ''],
    ['a web page', '<html>'],
    ['no token', '{}'],
    ['a token that would add a header', JSON.stringify({ token: 'a\r\nx: y' })],
    ['a token of another type', JSON.stringify({ token: 7 })],
    ['too much', JSON.stringify({ token: 'a'.repeat(100_000) })],
  ])('a token service that sends %s is a fault', async (_, body) => {
    const tokens = await startScripted((_request, response) => void response.end(body));
    const registry = await startScripted(
      (_request, response) =>
        void response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/"` }).end(),
    );
    await expect(openRepository(`${registry.host}/app`, quick).getManifest('v1')).rejects.toThrow(
      expect.objectContaining({
        kind: 'fault',
        code: expect.stringMatching(/^OCI_(RESPONSE_INVALID|SIZE_EXCEEDED)$/),
      }),
    );
  });

  test('an identity token is exchanged, not sent to the registry', async () => {
    const { tokens, registry } = await startWithTokens();
    await openRepository(`${registry.host}/app`, {
      ...quick,
      credentials: { identityToken: 'refresh-me' },
    }).getManifest('v1');
    expect(tokens.seen[0]).toMatchObject({ method: 'POST' });
    const form = new URLSearchParams(new TextDecoder().decode(tokens.seen[0]!.body));
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
      scope: 'repository:app:pull',
    });
    expect(JSON.stringify(registry.seen.map(({ headers }) => headers))).not.toContain('refresh-me');
  });

  test('a registry token is used as it is', async () => {
    const registry = await startScripted((request, response) => {
      if (request.headers.authorization === 'Bearer mine')
        response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
      else response.writeHead(401, { 'www-authenticate': 'Bearer realm="https://nowhere.invalid/"' }).end();
    });
    await openRepository(`${registry.host}/app`, {
      ...quick,
      credentials: { registryToken: 'mine' },
    }).getManifest('v1');
  });
});

describe('credentials that change', () => {
  test('are used after a refusal without starting anew', async () => {
    let current = { username: 'me', password: 'old' };
    const accepted = () => `Basic ${Buffer.from('me:new').toString('base64')}`;
    const basic = await startScripted((request, response) => {
      if (request.headers.authorization === accepted())
        response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const tokens = await startScripted((request, response) => {
      const ok = request.headers.authorization === accepted();
      json(response, ok ? 200 : 401, { token: 't' });
    });
    const bearer = await startScripted((request, response) => {
      if (request.headers.authorization === 'Bearer t')
        response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/"` }).end();
    });
    for (const { host } of [basic, bearer]) {
      current = { username: 'me', password: 'old' };
      const repository = openRepository(`${host}/app`, {
        ...quick,
        keychain: { resolve: async () => current },
      });
      await expect(repository.getManifest('v1')).rejects.toThrow(
        expect.objectContaining({ code: 'OCI_UNAUTHORIZED' }),
      );
      current = { username: 'me', password: 'new' };
      // A refusal may still be answered with the old ones once; then they are forgotten.
      await repository.getManifest('v1').catch(() => {});
      expect((await repository.getManifest('v1')).manifest.kind).toBe('image');
    }
  });
});

describe('basic authentication', () => {
  test('is sent only when asked for, and refused credentials end it', async () => {
    const registry = await startScripted(
      (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    const client = createRegistryClient({ ...quick, credentials });
    await expect(client.ping(registry.host)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_UNAUTHORIZED' }),
    );
    expect(registry.seen.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true]);
  });
});

test('a repository opened with a keychain of its own uses it alone, and no token of another', async () => {
  const users: (string | undefined)[] = [];
  const registry = await startScripted((request, response) => {
    const sent = request.headers.authorization;
    if (sent === undefined)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    users.push(Buffer.from(sent.slice('Basic '.length), 'base64').toString().split(':')[0]);
    response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
  });
  const client = createRegistryClient({ ...quick, credentials });
  const own = { resolve: async () => ({ username: 'own', password: 'p' }) };
  for (const keychain of [undefined, own, undefined, own])
    await client.repository(`${registry.host}/app`, keychain).getManifest('v1');
  expect(users).toEqual(['me', 'own', 'me', 'own']);
  const nobody = { resolve: async () => undefined };
  await expect(client.repository(`${registry.host}/app`, nobody).getManifest('v1')).rejects.toThrow(
    expect.objectContaining({ code: 'OCI_UNAUTHORIZED' }),
  );
});

describe('challenges', () => {
  const parse = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
  test.each<[string, unknown]>([
    ['Basic realm="a"', [['basic', { realm: 'a' }]]],
    [
      'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
      [['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:x:pull,push' }]],
    ],
    [
      'Basic realm="a, b", Bearer realm=c',
      [
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'c' }],
      ],
    ],
    [
      'Negotiate, Basic realm="a"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    [
      'Negotiate abc==, BEARER Realm = "x\\"y"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'x"y' }],
      ],
    ],
    ['Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    ['Bearer realm="a', [['bearer', {}]]],
    [', ,Basic', [['basic', {}]]],
    ['', []],
    ['=', []],
  ])('%s', (header, expected) => {
    expect(parse(header)).toEqual(expected);
  });

  test('any header is read in bounded time', () => {
    const soup = fc.string({
      unit: fc.constantFrom('"', '\\', ',', '=', ' ', 'a', 'Basic ', 'realm'),
      maxLength: 300,
    });
    fc.assert(fc.property(fc.oneof(soup, fc.string()), (header) => void parseChallenges(header)));
    parseChallenges(`Bearer realm="${'\\'.repeat(1_000_000)}`);
    parseChallenges('a'.repeat(1_000_000));
  });
});
