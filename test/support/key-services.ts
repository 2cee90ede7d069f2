/** Vault's transit engine and a Kubernetes API server with secrets, as far as programs that sign use them. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { p256 } from '@noble/curves/nist.js';

export interface KeyServiceServer {
  readonly url: string;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}
type Answer = readonly [status: number, document: object];

const token = 'a-token';
export const vaultToken = token;

/** P-256 keys that sign what they are given, by the API of the transit engine at `/v1/transit`. */
export async function startTransit(): Promise<KeyServiceServer> {
  const keys = new Map<string, KeyObject>();
  return await serve(
    ({ headers }) => headers['x-vault-token'] === token,
    ({ method, path, body }) => {
      const [, verb, name = '', rest] = /^\/v1\/transit\/(keys|sign)\/([\w.-]+)(?:\/(.*))?$/.exec(path) ?? [];
      if (verb === 'keys' && method !== 'GET') {
        if (body['type'] !== 'ecdsa-p256') return [400, { errors: ['unsupported type'] }];
        if (!keys.has(name)) keys.set(name, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
        return [200, {}];
      }
      const key = keys.get(name);
      if (key === undefined) return [404, { errors: [] }];
      if (verb === 'keys') {
        const pem = publicPem(key);
        const data = {
          type: 'ecdsa-p256',
          latest_version: 1,
          keys: { 1: { name: 'P-256', public_key: pem } },
        };
        return [200, { data }];
      }
      if (body['prehashed'] !== true || rest !== 'sha2-256') return [400, { errors: ['not a SHA-256 hash'] }];
      const scalar = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
      const digest = Buffer.from(String(body['input']), 'base64');
      const signature = p256.sign(digest, scalar, { prehash: false, format: 'der' });
      return [200, { data: { signature: `vault:v1:${Buffer.from(signature).toString('base64')}` } }];
    },
  );
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** Secrets by the API of Kubernetes: one namespace is as good as another. */
export async function startKubernetes(tls: {
  readonly cert: string;
  readonly key: string;
}): Promise<KeyServiceServer & { readonly secrets: ReadonlyMap<string, object> }> {
  const secrets = new Map<string, object>();
  const status = (code: number, reason: string): Answer => [
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: reason },
  ];
  const server = await serve(
    ({ headers }) => headers.authorization === `Bearer ${token}`,
    ({ method, path, body }) => {
      if (path === '/version') return [200, { major: '1', minor: '34', gitVersion: 'v1.34.0' }];
      const [, namespace, name] =
        /^\/api\/v1\/namespaces\/([a-z-]+)\/secrets(?:\/([a-z-]+))?$/.exec(path) ?? [];
      if (namespace === undefined) return status(404, 'NotFound');
      if (method === 'POST') {
        const { metadata } = body as { metadata: { name: string } };
        const key = `${namespace}/${metadata.name}`;
        if (secrets.has(key)) return status(409, 'AlreadyExists');
        secrets.set(key, { ...body, kind: 'Secret', apiVersion: 'v1' });
        return [201, secrets.get(key)!];
      }
      const found = secrets.get(`${namespace}/${name}`);
      return found === undefined ? status(404, 'NotFound') : [200, found];
    },
    tls,
  );
  return { ...server, secrets };
}

/** A kubeconfig for `startKubernetes`. */
export function kubeconfig(url: string, caPem: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
  });
}

async function serve(
  allowed: (request: IncomingMessage) => boolean,
  answer: (asked: Asked) => Answer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<KeyServiceServer> {
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const path = request.url!.split('?', 1)[0]!;
      const asked = { method: request.method!, path, body: bodyOf(bytes) };
      const [status, document] = allowed(request) ? answer(asked) : [403, { errors: ['permission denied'] }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => (server as Server).listen(0, '127.0.0.1', resolve));
  // Whoever asks is a program of its own: nothing waits for these servers.
  server.unref();
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
}

/** JSON, or a Secret as Go's client of Kubernetes sends it: protobuf behind `k8s\0`. */
function bodyOf(bytes: Buffer): Record<string, unknown> {
  if (bytes.byteLength === 0) return {};
  if (bytes.toString('latin1', 0, 4) !== 'k8s\0') return JSON.parse(bytes.toString());
  const raw = protobuf(bytes.subarray(4)).find(({ field }) => field === 2)!;
  const secret = protobuf(raw.bytes);
  const metadata = protobuf(secret.find(({ field }) => field === 1)!.bytes);
  const text = (field: number) => metadata.find((one) => one.field === field)?.bytes.toString();
  const data = secret
    .filter(({ field }) => field === 2)
    .map(({ bytes: entry }) => {
      const [key, value] = protobuf(entry);
      return [key!.bytes.toString(), (value?.bytes ?? Buffer.alloc(0)).toString('base64')];
    });
  return { metadata: { name: text(1), namespace: text(3) }, data: Object.fromEntries(data) };
}

/** The length-delimited fields of a message; numbers are passed over. */
function protobuf(message: Buffer): { readonly field: number; readonly bytes: Buffer }[] {
  const found: { field: number; bytes: Buffer }[] = [];
  let at = 0;
  const varint = () => {
    let [value, shift, byte] = [0, 1, 0];
    do {
      byte = message[at++]!;
      value += (byte & 0x7f) * shift;
      shift *= 128;
    } while (byte >= 0x80);
    return value;
  };
  while (at < message.byteLength) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) !== 2) continue;
    found.push({ field: tag >> 3, bytes: message.subarray(at, at + value) });
    at += value;
  }
  return found;
}
