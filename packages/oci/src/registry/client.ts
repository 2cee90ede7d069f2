import { environmentKeychain } from '../auth/docker-config.ts';
import type { Credentials, Keychain } from '../auth/keychain.ts';
import { discard } from '../http/body.ts';
import { createExchange } from '../http/exchange.ts';
import { defaultLimits, defaultRetry, type HttpLimits, type RetryPolicy } from '../http/options.ts';
import { parseReference } from '../reference/reference.ts';
import type { ReadOptions, Reference } from '../types.ts';
import { remember } from './remember.ts';
import { createRepository, type RegistryRepository } from './repository.ts';
import { statusFault } from './status.ts';
import { createTransport, type Transport } from './transport.ts';

export interface RegistryOptions {
  /** Used for every registry this client talks to, instead of what `keychain` finds. */
  readonly credentials?: Credentials;
  /** Default: Docker's and Podman's credential files and helpers, as `environment` says. */
  readonly keychain?: Keychain;
  /** Permit plain http where the registry does not speak TLS. Loopback addresses may always. */
  readonly allowHttp?: boolean;
  /** Accept any TLS certificate: only the digest then protects what is pulled, and nothing the credentials. */
  readonly insecure?: boolean;
  /** Certificate authorities in PEM, trusted beside the usual ones. */
  readonly ca?: string | readonly string[];
  /** Certificate chain and private key in PEM, shown to registries that ask for one (mutual TLS). */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** Name the TLS certificate must be for, where it is not the host's. */
  readonly serverName?: string;
  /** Where proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) and credential files are looked up. Default `process.env`. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly userAgent?: string;
  readonly limits?: Partial<HttpLimits>;
  readonly retry?: Partial<RetryPolicy>;
  /** Blobs beyond this many bytes are uploaded in pieces of that size, for proxies that limit bodies. Default: never. */
  readonly chunkBytes?: number;
}

/** Registries remembered at a time, with their tokens: a cluster uses a handful, an attacker invents names. */
const maxRegistries = 256;

/** Talks to registries over one pool of connections and one set of tokens. */
export interface RegistryClient {
  /**
   * A repository; the reference's tag and digest are not used. Nothing is sent yet.
   *
   * @param keychain where its credentials are, instead of where those of the client are; with tokens of its own
   */
  repository(reference: Reference | string, keychain?: Keychain): RegistryRepository;
  /** Checks that `host` is a registry that lets us in (distribution-spec end-1). */
  ping(host: string, options?: ReadOptions): Promise<void>;
  /** Ends idle connections. The client can be used again. */
  close(): void;
}

export function createRegistryClient(options: RegistryOptions = {}): RegistryClient {
  const environment = options.environment ?? process.env;
  const limits = { ...defaultLimits, ...options.limits };
  const retry = { ...defaultRetry, ...options.retry };
  const { credentials } = options;
  const usual: Keychain =
    credentials === undefined
      ? (options.keychain ?? environmentKeychain(environment))
      : { resolve: async () => credentials };
  const { exchange, close } = createExchange(
    {
      environment,
      insecure: options.insecure ?? false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.clientCertificate === undefined ? {} : { clientCertificate: options.clientCertificate }),
      ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
    },
    limits,
  );
  const transports = new WeakMap<Keychain, Map<string, Transport>>();

  function transportTo(host: string, keychain: Keychain = usual): Transport {
    const known = transports.get(keychain) ?? new Map<string, Transport>();
    transports.set(keychain, known);
    let transport = known.get(host);
    if (!transport) {
      transport = createTransport({
        host,
        allowHttp: options.allowHttp ?? false,
        userAgent: options.userAgent ?? 'pratique',
        keychain,
        exchange,
        limits,
        retry,
      });
      remember(known, host, transport, maxRegistries);
    }
    return transport;
  }

  return {
    repository(reference, keychain) {
      const { registry, repository } = typeof reference === 'string' ? parseReference(reference) : reference;
      const name = `${registry}/${repository}`;
      const context = {
        name,
        registry,
        repository,
        transport: transportTo(registry, keychain),
        limits,
        retry,
      };
      return createRepository(context, options.chunkBytes ?? Number.POSITIVE_INFINITY);
    },
    async ping(host, { signal } = {}) {
      const response = await transportTo(host).send({
        method: 'GET',
        target: '/v2/',
        headers: {},
        repository: '',
        scopes: [],
        idempotent: true,
        signal,
      });
      if (response.status !== 200) throw await statusFault(response, `${host}: ping`, limits, signal);
      await discard(response, limits);
    },
    close,
  };
}

/**
 * Opens one repository on a registry: `openRepository('localhost:5000/team/app')`. The reference's tag and digest are
 * not used. For several repositories share a `createRegistryClient`, which keeps connections and tokens.
 *
 * @throws OCI_REFERENCE_INVALID
 */
export function openRepository(reference: Reference | string, options?: RegistryOptions): RegistryRepository {
  return createRegistryClient(options).repository(reference);
}
