/** A server of Vault in memory, with a transit engine, and what an administrator does there. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import type { Context } from './context.ts';
import { startServer } from './process.ts';

type Document = Readonly<Record<string, unknown>>;

export interface Vault {
  readonly url: string;
  /** The token that may do everything. */
  readonly token: string;
  /** PEM file of the authority of its certificate; undefined where it is asked over plain HTTP. */
  readonly ca: string | undefined;
  /** Its API below `/v1/`, which must not refuse. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: Document): Promise<Document>;
  /** Makes a key of a type of the transit engine. */
  key(name: string, type: string, more?: Document): Promise<void>;
  /** A token that may do no more than `rules`: capabilities by path. */
  limitedToken(rules: Readonly<Record<string, readonly string[]>>): Promise<string>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

export async function startVault(context: Context, { tls = false } = {}): Promise<Vault> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const { caPem, certificatePem, privateKeyPem } = createSelfSigned({ names: ['127.0.0.1'] });
  writeFileSync(at('ca.crt'), caPem);
  writeFileSync(at('tls.crt'), certificatePem);
  writeFileSync(at('tls.key'), privateKeyPem, { mode: 0o600 });
  const flags = tls ? ['-tls-cert', at('tls.crt'), '-tls-key', at('tls.key')] : [];
  const program = context.tools['vault-server'];
  const server = await startServer(program, flags, /listening on (\S+)\n/);
  const url = `${tls ? 'https' : 'http'}://${server.match[1]}`;

  let token = '';
  const ask: Vault['ask'] = async (method, path, body) => {
    const { status, text } = await exchange(`${url}/v1/${path}`, method, token, caPem, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Document);
  };
  const made = await ask('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
  const unseal = async () => void (await ask('PUT', 'sys/unseal', { key: (made['keys'] as string[])[0] }));
  await unseal();
  token = made['root_token'] as string;
  await ask('POST', 'sys/mounts/transit', { type: 'transit' });
  return {
    url,
    token,
    ca: tls ? at('ca.crt') : undefined,
    ask,
    unseal,
    seal: async () => void (await ask('PUT', 'sys/seal')),
    stop: server.stop,
    key: async (name, type, more) => void (await ask('POST', `transit/keys/${name}`, { type, ...more })),
    async limitedToken(rules) {
      const name = randomBytes(8).toString('hex');
      const path = Object.fromEntries(
        Object.entries(rules).map(([path, capabilities]) => [path, { capabilities }]),
      );
      await ask('PUT', `sys/policies/acl/${name}`, { policy: JSON.stringify({ path }) });
      const created = await ask('POST', 'auth/token/create', { policies: [name], no_default_policy: true });
      return (created['auth'] as Document)['client_token'] as string;
    },
  };
}

function exchange(
  url: string,
  method: string,
  token: string,
  ca: string,
  body?: Document,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === '' ? {} : { 'x-vault-token': token };
    const send = url.startsWith('https:') ? requestTls : request;
    const outgoing = send(url, { method, headers, ca }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode!, text }));
    });
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
