/**
 * A Kubernetes cluster without nodes: the real API server over a real etcd, on loopback. What it admits is kept, and
 * nothing runs.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSelfSigned } from '../../packages/crypto/src/index.ts';
import type { Context } from './context.ts';
import { freePort, type Result, startServer } from './process.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Texts of the `Warning` headers (RFC 9110 §5.5 `warning`): what kubectl shows. */
  readonly warnings: readonly string[];
}

export interface Cluster {
  /** `https://127.0.0.1:PORT`: also the issuer of its service accounts' tokens. */
  readonly url: string;
  /** File with the PEM of the authority of its certificate. */
  readonly caFile: string;
  /** File for an administrator. */
  readonly kubeconfig: string;
  readonly adminToken: string;
  /** Asks the API as an administrator. A refusal is an answer. */
  ask(method: string, path: string, body?: object, mediaType?: string): Promise<Answer>;
  /** The same for what must succeed; gives the object. */
  must(method: string, path: string, body?: object, mediaType?: string): Promise<Record<string, unknown>>;
  /** Runs kubectl, with `input` on its standard input. */
  kubectl(args: readonly string[], input?: string): Promise<Result>;
  stop(): Promise<void>;
}

/** Milliseconds an API server may take to start on a busy machine. */
const START_MS = 120_000;

export async function startCluster(context: Context): Promise<Cluster> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const etcdUrl = await startEtcd(context, at('etcd'));
  const stopEtcd = etcdUrl.stop;

  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const { caPem, certificatePem, privateKeyPem } = createSelfSigned({ names: ['127.0.0.1'] });
  const adminToken = randomBytes(16).toString('hex');
  const accountKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  for (const [name, text] of Object.entries({
    'ca.crt': caPem,
    'tls.crt': certificatePem,
    'tls.key': privateKeyPem,
    'accounts.key': accountKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'tokens.csv': `${adminToken},admin,admin,system:masters\n`,
    kubeconfig: kubeconfig(url, caPem, adminToken),
  })) {
    writeFileSync(at(name), text, { mode: 0o600 });
  }
  const server = await startServer(
    context.tools['kube-apiserver'],
    [
      `--etcd-servers=${etcdUrl.url}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${directory}`,
      `--tls-cert-file=${at('tls.crt')}`,
      `--tls-private-key-file=${at('tls.key')}`,
      `--service-account-issuer=${url}`,
      `--service-account-jwks-uri=${url}/openid/v1/jwks`,
      `--service-account-key-file=${at('accounts.key')}`,
      `--service-account-signing-key-file=${at('accounts.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${at('tokens.csv')}`,
    ],
    /Serving securely on/,
    { timeout: START_MS },
  );
  const agent = new Agent({ ca: caPem, keepAlive: true });
  const ask = (method: string, path: string, body?: object, mediaType = 'application/json') =>
    new Promise<Answer>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${adminToken}`,
        ...(body !== undefined && { 'content-type': mediaType }),
      };
      const outgoing = request(`${url}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.startsWith('application/json');
          const warning = response.headersDistinct['warning'] ?? [];
          resolve({
            status: response.statusCode!,
            body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
            warnings: warning.map((value) => JSON.parse(/"(?:[^"\\]|\\.)*"/.exec(value)![0]) as string),
          });
        });
      });
      outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  const must = async (method: string, path: string, body?: object, mediaType?: string) => {
    const answer = await ask(method, path, body, mediaType);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await untilReady(ask);
  return {
    url,
    caFile: at('ca.crt'),
    kubeconfig: at('kubeconfig'),
    adminToken,
    ask,
    must,
    kubectl: (args, input) =>
      context.run('kubectl', ['--kubeconfig', at('kubeconfig'), ...args], {
        ...(input !== undefined && { input }),
      }),
    async stop() {
      agent.destroy();
      await server.stop();
      await stopEtcd();
    },
  };
}

async function startEtcd(
  context: Context,
  directory: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  mkdirSync(directory);
  const [clients, peers] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
  const server = await startServer(
    context.tools.etcd,
    [
      `--data-dir=${directory}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      // Nobody needs what is in it after this.
      '--unsafe-no-fsync',
    ],
    /ready to serve client requests/,
    { timeout: START_MS },
  );
  return { url: clients!, stop: server.stop };
}

/** Waits until everything the API server does at its start is done, the namespaces and roles it makes among it. */
async function untilReady(ask: (method: string, path: string) => Promise<Answer>): Promise<void> {
  for (const end = Date.now() + START_MS; ; await delay(200)) {
    const { status, body } = await ask('GET', '/readyz');
    if (status === 200 && (await ask('GET', '/api/v1/namespaces/default')).status === 200) return;
    if (Date.now() > end) throw new Error(`the API server is not ready: ${JSON.stringify(body)}`);
  }
}

/** A kubeconfig (v1) for one user of one cluster. */
export function kubeconfig(url: string, caPem: string, token: string): string {
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
