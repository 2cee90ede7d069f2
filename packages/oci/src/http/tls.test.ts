import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createSelfSigned } from '@pratique/crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { createRegistryClient } from '../registry/client.ts';

const server = createSelfSigned({ names: ['127.0.0.1', 'registry.test'] });
const client = createSelfSigned({ names: ['client.test'] });
const stranger = createSelfSigned({ names: ['stranger.test'] });

let running: Server | undefined;
afterEach(() => {
  running?.closeAllConnections();
  running?.close();
});

/** A registry that lets in `wanted` only, where one is given, and remembers the name it was called by. */
async function start(wanted?: typeof client): Promise<{ host: string; names: string[] }> {
  const names: string[] = [];
  const tls: ServerOptions = { cert: server.certificatePem, key: server.privateKeyPem };
  // Looked at here, since the certificates made for servers may not be used by clients: only that it is shown counts.
  running = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: string };
    names.push(String(socket.servername));
    const shown = socket.getPeerX509Certificate()?.fingerprint256;
    response.statusCode =
      wanted && shown !== new X509Certificate(wanted.certificatePem).fingerprint256 ? 403 : 200;
    response.end('{}');
  });
  await new Promise<void>((resolve) => running!.listen(0, '127.0.0.1', resolve));
  return { host: `127.0.0.1:${(running.address() as AddressInfo).port}`, names };
}

async function ping(host: string, options: Parameters<typeof createRegistryClient>[0]): Promise<string> {
  const registry = createRegistryClient({
    environment: {},
    ca: server.caPem,
    retry: { attempts: 1 },
    ...options,
  });
  try {
    await registry.ping(host);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    registry.close();
  }
}

const certificate = ({ certificatePem, privateKeyPem }: typeof client) => ({
  cert: certificatePem,
  key: privateKeyPem,
});

describe('a registry that asks for a client certificate', () => {
  test('lets in who shows the right one', async () => {
    const { host } = await start(client);
    expect(await ping(host, { clientCertificate: certificate(client) })).toBe('ok');
  });

  test('refuses who shows none or another one', async () => {
    const { host } = await start(client);
    expect(await ping(host, {})).toBe('OCI_FORBIDDEN');
    expect(await ping(host, { clientCertificate: certificate(stranger) })).toBe('OCI_FORBIDDEN');
  });
});

describe('the name the certificate must be for', () => {
  test('is the one given, and is sent', async () => {
    const { host, names } = await start();
    expect(await ping(host, { serverName: 'registry.test' })).toBe('ok');
    expect(new Set(names)).toEqual(new Set(['registry.test']));
  });

  test('and no other will do', async () => {
    const { host } = await start();
    expect(await ping(host, { serverName: 'other.test' })).toBe('OCI_TLS_UNTRUSTED');
  });
});
