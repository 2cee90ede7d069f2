/** Vault's transit engine, as far as programs that sign use it. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { p256 } from '@noble/curves/nist.js';

export interface VaultServer {
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
export async function startTransit(): Promise<VaultServer> {
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

async function serve(
  allowed: (request: IncomingMessage) => boolean,
  answer: (asked: Asked) => Answer,
): Promise<VaultServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = request.url!.split('?', 1)[0]!;
      const asked = { method: request.method!, path, body: text === '' ? {} : JSON.parse(text) };
      const [status, document] = allowed(request) ? answer(asked) : [403, { errors: ['permission denied'] }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Whoever asks is a program of its own: nothing waits for this server.
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
