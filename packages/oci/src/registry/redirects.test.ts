import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSelfSigned } from '@pratique/crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { safeTarget } from '../http/redirect.ts';
import { digestOf } from '../reference/digest.ts';
import { quick } from '../testing/options.ts';
import { startScripted } from '../testing/server.ts';
import { openRepository } from './client.ts';

const content = new TextEncoder().encode('content');
const blob = { digest: digestOf(content), size: content.length };
const credentials = { username: 'me', password: 'top-secret' };
const refused = expect.objectContaining({ code: 'OCI_REDIRECT_REFUSED', kind: 'fault' });

describe('credentials stay with the registry', () => {
  test('a redirect to another host, or another port, does not carry them', async () => {
    const other = await startScripted((_, response) => void response.end(content));
    const registry = await startScripted((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      else response.writeHead(307, { location: `http://${other.host}/blob?signature=x` }).end();
    });
    expect(await openRepository(`${registry.host}/app`, { ...quick, credentials }).getBlob(blob)).toEqual(
      content,
    );
    expect(registry.seen.at(-1)!.headers.authorization).toMatch(/^Basic /);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]!.headers.authorization).toBeUndefined();
    expect(JSON.stringify(other.seen[0]!.headers)).not.toContain(
      Buffer.from('me:top-secret').toString('base64'),
    );
  });

  test('nor do they come back when the other host redirects to the registry again', async () => {
    const other = await startScripted(
      (_, response) => void response.writeHead(307, { location: `http://${registry.host}/end` }).end(),
    );
    const registry = await startScripted((request, response) => {
      if (request.path === '/end') response.end(content);
      else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      else response.writeHead(307, { location: `http://${other.host}/` }).end();
    });
    await openRepository(`${registry.host}/app`, { ...quick, credentials }).getBlob(blob);
    expect(registry.seen.at(-1)).toMatchObject({ path: '/end' });
    expect(registry.seen.at(-1)!.headers.authorization).toBeUndefined();
  });

  test('a challenge from where a redirect led is not answered', async () => {
    const other = await startScripted(
      (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' }).end(),
    );
    const registry = await startScripted(
      (_, response) => void response.writeHead(307, { location: `http://${other.host}/` }).end(),
    );
    await expect(
      openRepository(`${registry.host}/app`, { ...quick, credentials }).getBlob(blob),
    ).rejects.toThrow(expect.objectContaining({ code: 'OCI_UNAUTHORIZED' }));
    expect(other.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(registry.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('an upload that is to go on at another host goes there without them', async () => {
    const other = await startScripted((_, response) => void response.writeHead(201).end());
    const registry = await startScripted((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      else if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `http://${other.host}/upload?state=s` }).end();
    });
    await openRepository(`${registry.host}/app`, { ...quick, credentials }).putBlob(blob, content);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]!.path).toContain('digest=sha256');
    expect(other.seen[0]!.headers.authorization).toBeUndefined();
  });
});

describe('redirects that lead nowhere good', () => {
  test('a circle ends', async () => {
    const { host, seen } = await startScripted(
      (_, response) => void response.writeHead(302, { location: '/again' }).end(),
    );
    await expect(openRepository(`${host}/app`, quick).getBlob(blob)).rejects.toThrow(refused);
    expect(seen.length).toBeLessThan(10);
  });

  test('one without Location is a fault', async () => {
    const { host } = await startScripted((_, response) => void response.writeHead(307).end());
    await expect(openRepository(`${host}/app`, quick).getBlob(blob)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_RESPONSE_INVALID' }),
    );
  });

  test('a write is not redirected', async () => {
    const { host } = await startScripted((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await expect(openRepository(`${host}/app`, quick).putBlob(blob, content)).rejects.toThrow(refused);
  });

  const registry = new URL('https://registry.example');
  test.each([
    ['down to plain http', 'http://registry.example/x'],
    ['down to plain http elsewhere', 'http://cdn.example/x'],
    ['to a file', 'file:///etc/passwd'],
    ['to a script', 'javascript:alert(1)'],
    ['to this machine', 'https://127.0.0.1/x'],
    ['to this machine by name', 'https://localhost/x'],
    ['to this machine by its whole name', 'https://localhost./x'],
    ['to this machine, IPv6', 'https://[::1]/x'],
    ['to this machine, IPv4 in IPv6', 'https://[::ffff:127.0.0.1]/x'],
    ['to this machine in decimal', 'https://2130706433/x'],
    ['to the cloud metadata service', 'https://169.254.169.254/latest/meta-data'],
    ['to what is no URL', 'https://[broken'],
  ])('%s', (_, location) => {
    expect(() => safeTarget(location, registry, registry)).toThrow(refused);
  });

  test('relative ones, other hosts over https, and a loopback registry to itself are fine', () => {
    expect(safeTarget('/v2/x?y', registry, registry).href).toBe('https://registry.example/v2/x?y');
    expect(safeTarget('https://user:pw@cdn.example/x#f', registry, registry).href).toBe(
      'https://cdn.example/x',
    );
    const local = new URL('http://127.0.0.1:5000');
    expect(safeTarget('http://127.0.0.1:5001/', local, local).port).toBe('5001');
  });
});

describe('TLS', () => {
  async function startTls(): Promise<{ host: string; ca: string }> {
    const { certificatePem, privateKeyPem, caPem } = createSelfSigned({ names: ['127.0.0.1'] });
    const server = createServer(
      { cert: certificatePem, key: privateKeyPem },
      (_, response) => void response.end(content),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    server.on('tlsClientError', () => {});
    return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, ca: caPem };
  }

  test('a certificate nobody vouches for is refused, and plain http is not tried instead', async () => {
    const { host } = await startTls();
    await expect(openRepository(`${host}/app`, quick).getBlob(blob)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_TLS_UNTRUSTED' }),
    );
    await expect(openRepository(`${host}/app`, { ...quick, allowHttp: true }).getBlob(blob)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_TLS_UNTRUSTED' }),
    );
  });

  test('its authority, or saying that it does not matter, makes it good', async () => {
    const { host, ca } = await startTls();
    expect(await openRepository(`${host}/app`, { ...quick, ca }).getBlob(blob)).toEqual(content);
    expect(await openRepository(`${host}/app`, { ...quick, insecure: true }).getBlob(blob)).toEqual(content);
  });
});
