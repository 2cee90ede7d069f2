/** A real Notary server over TLS, its client, and Docker's, each with directories of their own. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createSelfSigned, generateSigningKey } from '@pratique/crypto';
import type { Context, Program } from './context.ts';
import { freePort, type Result, startServer } from './process.ts';
import { startTokenServer } from './token-server.ts';

/** The password of every key of content trust here. */
export const PASSPHRASE = 'a passphrase of content trust';

const passphrases = {
  NOTARY_ROOT_PASSPHRASE: PASSPHRASE,
  NOTARY_TARGETS_PASSPHRASE: PASSPHRASE,
  NOTARY_SNAPSHOT_PASSPHRASE: PASSPHRASE,
  NOTARY_DELEGATION_PASSPHRASE: PASSPHRASE,
  DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: PASSPHRASE,
  DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: PASSPHRASE,
};

/** Somebody who publishes: a directory of Docker's with keys and what was seen, used by Notary's client as well. */
export interface Publisher {
  /** Docker's directory. */
  readonly directory: string;
  /** Runs Notary's client, which must succeed; returns what it prints. */
  notary(...args: string[]): Promise<string>;
  docker(...args: string[]): Promise<string>;
}

/** Changes what the server answers, on its way: the file as it is asked for, and its bytes. */
export type Tamper = (file: string, bytes: Buffer) => Buffer | undefined;

export class NotaryServer {
  readonly url: string;
  readonly ca: string;
  /** Tokens that were asked for, each `SCOPE as USER`. */
  readonly asked: readonly string[];
  readonly #credentials: string | undefined;
  readonly #context: Context;
  readonly #stop: () => Promise<void>;

  private constructor(
    context: Context,
    url: string,
    ca: string,
    stop: () => Promise<void>,
    credentials: string | undefined,
    asked: readonly string[],
  ) {
    this.#credentials = credentials;
    this.asked = asked;
    this.#context = context;
    this.url = url;
    this.ca = ca;
    this.#stop = stop;
  }

  /** @param credentials `user:password` of the only one who may ask, by tokens; absent: everybody may */
  static async start(context: Context, credentials?: string): Promise<NotaryServer> {
    const directory = context.scratch();
    const made = createSelfSigned({ names: ['127.0.0.1'] });
    const file = (name: string, content: string) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const address = `127.0.0.1:${await freePort()}`;
    const signing = generateSigningKey();
    const certificate = join(directory, 'tokens.crt');
    const tls = { cert: made.certificatePem, key: made.privateKeyPem };
    const tokens =
      credentials === undefined
        ? undefined
        : await startTokenServer({ tls, signing, certificate, credentials });
    const config = {
      server: {
        http_addr: address,
        tls_cert_file: file('tls.crt', made.certificatePem),
        tls_key_file: file('tls.key', made.privateKeyPem),
      },
      trust_service: { type: 'local', key_algorithm: 'ecdsa' },
      logging: { level: 'info' },
      storage: { backend: 'memory' },
      ...(tokens && {
        auth: {
          type: 'token',
          options: { realm: tokens.realm, service: 'notary', issuer: 'tokens', rootcertbundle: certificate },
        },
      }),
    };
    const server = await startServer(
      context.tools['notary-server'],
      ['-config', file('server.json', JSON.stringify(config))],
      /Starting on/,
    );
    const stop = async () => {
      tokens?.close();
      await server.stop();
    };
    const ca = file('ca.crt', made.caPem);
    return new NotaryServer(context, `https://${address}`, ca, stop, credentials, tokens?.asked ?? []);
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  publisher(): Publisher {
    const directory = this.#context.scratch();
    this.trustIn(directory);
    const client = join(dirname(this.#context.tools['notary-server']), 'notary');
    const config = join(directory, 'notary.json');
    const remote = { url: this.url, root_ca: this.ca };
    writeFileSync(config, JSON.stringify({ trust_dir: join(directory, 'trust'), remote_server: remote }));
    const env = {
      ...passphrases,
      DOCKER_CONFIG: directory,
      DOCKER_CONTENT_TRUST_SERVER: this.url,
      ...(this.#credentials && { NOTARY_AUTH: Buffer.from(this.#credentials).toString('base64') }),
    };
    const run = async (program: Program, args: readonly string[]) => {
      // It asks whether a root key is really to be replaced.
      const { stdout, stderr } = await succeed(this.#context, program, args, env, 'yes\n');
      return `${stdout}${stderr}`;
    };
    return {
      directory,
      notary: (...args) => run([client], ['-c', config, ...args]),
      docker: async (...args) => (await succeed(this.#context, 'docker', args, env)).stdout,
    };
  }

  /** Has Docker's directory name the server's authority, for a server at `url`. */
  trustIn(directory: string, url = this.url, ca = this.ca): void {
    const at = join(directory, 'tls', new URL(url).host);
    mkdirSync(at, { recursive: true });
    copyFileSync(ca, join(at, 'ca.crt'));
  }

  /** Another address, behind which are this server's answers as `tamper` leaves them. */
  async behind(tamper: Tamper, directory: string, use: (url: string) => Promise<void>): Promise<void> {
    const made = createSelfSigned({ names: ['127.0.0.1'] });
    const ca = join(this.#context.scratch(), 'ca.crt');
    writeFileSync(ca, made.caPem);
    const proxy = createServer(
      { cert: made.certificatePem, key: made.privateKeyPem },
      (request, response) => {
        const file = request.url!.replace(/^.*\/_trust\/tuf\//, '');
        void this.fetch(request.url!).then(({ status, bytes }) => {
          const changed = tamper(file, bytes);
          response.writeHead(changed === undefined ? 404 : changed === bytes ? status : 200).end(changed);
        });
      },
    );
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    this.trustIn(directory, url, ca);
    try {
      await use(url);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  }

  /** What the server itself answers. */
  async fetch(path: string): Promise<{ status: number; bytes: Buffer }> {
    return await new Promise((resolve, reject) => {
      get(new URL(path, this.url), { ca: readFileSync(this.ca), agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode!, bytes: Buffer.concat(chunks) }));
      }).on('error', reject);
    });
  }
}

async function succeed(
  context: Context,
  program: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Result> {
  return await context.exits(0, program, args, { env, input });
}
