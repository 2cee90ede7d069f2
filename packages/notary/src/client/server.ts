import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import {
  type ConnectionOptions,
  createExchange,
  createTransport,
  defaultLimits,
  defaultRetry,
  environmentKeychain,
  type Keychain,
  type Reference,
  type RetryPolicy,
  readAll,
  type Transport,
} from '@pratique/oci';
import { readNamedFile } from '@pratique/storage';
import { notaryErrors } from '../errors.ts';
import { defaultServer, repositoryName, serverAddress } from './name.ts';
import type { TrustSource } from './source.ts';

export interface NotaryOptions {
  /** `https://HOST[:PORT]`, or `http://` on this machine. Default: where Docker looks, `defaultServer`. */
  readonly server?: string | undefined;
  /** Proxies, DOCKER_CONFIG and DOCKER_CONTENT_TRUST_SERVER. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where the credentials of the image's registry are: the server takes the same. Default: Docker's files. */
  readonly keychain?: Keychain | undefined;
  /** Certificate authorities in PEM, trusted beside the usual ones and those that `tls/HOST` in Docker's directory has. */
  readonly ca?: string | readonly string[] | undefined;
  readonly retry?: Partial<RetryPolicy>;
  /** Milliseconds for one file. Default 60 seconds. */
  readonly totalMs?: number;
}

/** A server, with the connections and tokens that are kept to it until `close`. */
export interface NotarySource extends TrustSource {
  close(): void;
}

const maxCertificateBytes = 1024 * 1024;

/**
 * The trust data of one repository on a Notary server (API of Notary 0.7: `GET /v2/REPOSITORY/_trust/tuf/FILE`), with
 * tokens as registries want them, for the scope `repository:NAME:pull`. Nothing is sent yet.
 *
 * @throws NOTARY_SERVER_INVALID
 */
export function openNotary(
  reference: Pick<Reference, 'registry' | 'repository'>,
  options: NotaryOptions,
): NotarySource {
  const { environment } = options;
  const server = serverAddress(options.server ?? defaultServer(reference, environment));
  const repository = repositoryName(reference);
  const base = server.pathname.replace(/\/+$/, '');
  let connected: { readonly transport: Transport; readonly close: () => void } | undefined;
  return {
    name: `${server.origin}${base}`,
    async fetch(file, maxBytes, outer) {
      const limit = AbortSignal.timeout(options.totalMs ?? 60_000);
      const signal = outer === undefined ? limit : AbortSignal.any([outer, limit]);
      connected ??= connect(server, reference, options);
      try {
        const response = await connected.transport.send({
          method: 'GET',
          target: `${base}/v2/${repository}/_trust/tuf/${file}`,
          headers: {},
          repository,
          scopes: [`repository:${repository}:pull`],
          idempotent: true,
          signal,
        });
        if (response.status === 200) return await readAll(response, defaultLimits, maxBytes, signal);
        response.body.destroy();
        if (response.status === 404) return undefined;
        throw statusError(response.status, `${server.origin}: ${file} of ${repository}`);
      } catch (cause) {
        throw outer?.aborted ? cause : ownError(cause, `${file} of ${repository}`, maxBytes);
      }
    },
    close: () => connected?.close(),
  };
}

function connect(
  server: URL,
  { registry, repository }: Pick<Reference, 'registry' | 'repository'>,
  options: NotaryOptions,
) {
  const keychain = options.keychain ?? environmentKeychain(options.environment);
  const { exchange, close } = createExchange(connectionTo(server, options), defaultLimits);
  const transport = createTransport({
    host: server.host,
    allowHttp: false,
    userAgent: 'pratique',
    keychain: { resolve: () => keychain.resolve(registry, repository) },
    exchange,
    limits: defaultLimits,
    retry: { ...defaultRetry, ...options.retry },
  });
  return { transport, close };
}

function statusError(status: number, what: string) {
  return notaryErrors.error(status === 401 || status === 403 ? 'NOTARY_FORBIDDEN' : 'NOTARY_UNREACHABLE', {
    message: `${what} could not be fetched`,
    expected: 'status 200',
    found: `status ${status}`,
  });
}

/** What the connection's errors mean for trust data. */
function ownError(cause: unknown, what: string, maxBytes: number): unknown {
  if (!(cause instanceof PratiqueError) || cause.code.startsWith('NOTARY_')) return cause;
  if (cause.code === 'OCI_SIZE_EXCEEDED') {
    return notaryErrors.error('NOTARY_SIZE_EXCEEDED', {
      message: `${what} is larger than it may be`,
      expected: `at most ${maxBytes} bytes`,
    });
  }
  if (cause.kind === 'auth') return notaryErrors.error('NOTARY_FORBIDDEN', { message: cause.message, cause });
  return notaryErrors.error('NOTARY_UNREACHABLE', {
    message: `${what} could not be fetched: ${cause.message}`,
    cause,
  });
}

/** Authorities and a client certificate as Docker keeps them: `tls/HOST[:PORT]/` with `*.crt`, and `NAME.cert` with `NAME.key`. */
function connectionTo(server: URL, { environment, ca }: NotaryOptions): ConnectionOptions {
  const { DOCKER_CONFIG } = environment;
  const directory = join(DOCKER_CONFIG || join(environment.HOME || homedir(), '.docker'), 'tls', server.host);
  const names = namesIn(directory);
  const read = (name: string) => new TextDecoder().decode(readFile(join(directory, name)));
  const authorities = names.filter((name) => name.endsWith('.crt')).map(read);
  const client = names.find((name) => name.endsWith('.cert'));
  const given = ca === undefined ? [] : [ca].flat();
  return {
    environment,
    ...(authorities.length + given.length === 0 ? {} : { ca: [...given, ...authorities] }),
    ...(client === undefined
      ? {}
      : { clientCertificate: { cert: read(client), key: read(client.replace(/cert$/, 'key')) } }),
  };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(directory, error);
  }
}

function readFile(path: string): Uint8Array {
  try {
    return readNamedFile(path, maxCertificateBytes);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown) {
  return notaryErrors.error('NOTARY_UNREACHABLE', {
    message: `${path}, which says how to reach the Notary server, cannot be read: ${(cause as Error).message}`,
    cause,
  });
}
