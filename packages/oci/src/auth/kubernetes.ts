import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { readBody } from '../http/body.ts';
import { collect } from '../http/collect.ts';
import { createExchange, type Exchange } from '../http/exchange.ts';
import { defaultLimits } from '../http/options.ts';
import { remember } from '../registry/remember.ts';
import { type Auths, authsSchema, credentialsUnder, keysFor, parseSecret, unreadable } from './auths.ts';
import type { Credentials, Keychain } from './keychain.ts';

/** Where Kubernetes puts what a container needs to talk to it: `token`, `ca.crt`, `namespace`. */
const accountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

const limits = {
  /** Namespaces whose secrets are kept at a time. */
  namespaces: 256,
  /** A service account names a handful; each is a request. */
  secrets: 50,
  /** A Secret holds at most 1 MiB, which base64 makes a third longer, twice where it has both kinds. */
  answerBytes: 4 * 1024 * 1024,
} as const;
/** Milliseconds the secrets are used for before they are read anew: a server must learn that one was replaced. */
const freshMs = 60_000;

/** What credentials for images a Secret holds, by its type (core/v1 `SecretTypeDockerConfigJson`, `…Dockercfg`). */
const pullSecret = v.variant('type', [
  v.object({
    type: v.literal('kubernetes.io/dockerconfigjson'),
    data: v.object({ '.dockerconfigjson': v.string() }),
  }),
  v.object({ type: v.literal('kubernetes.io/dockercfg'), data: v.object({ '.dockercfg': v.string() }) }),
]);
const typed = v.object({ type: v.optional(v.string()) });
/** Name of an object: a DNS subdomain (RFC 1123), so never a step in a path. */
const objectName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const dockerConfig = v.object({ auths: v.optional(v.nullable(authsSchema)) });
const account = v.object({
  imagePullSecrets: v.optional(
    v.nullable(v.array(v.object({ name: v.pipe(v.string(), v.regex(objectName)) }))),
  ),
});
/** `system:serviceaccount:NAMESPACE:NAME` */
const claims = v.object({
  sub: v.pipe(
    v.string(),
    v.check((subject) => {
      const [system, kind, ...names] = subject.split(':');
      return (
        system === 'system' &&
        kind === 'serviceaccount' &&
        names.length === 2 &&
        names.every((name) => objectName.test(name))
      );
    }),
  ),
});

/** One container's access to the cluster it runs in. */
interface Cluster {
  readonly namespace: string;
  readonly account: string;
  /** An object of the API, as JSON. */
  get(path: string): Promise<Uint8Array>;
}

/**
 * The credentials for images that the service account of this Pod has (`imagePullSecrets`), read from the API server with
 * the account's own token, for `--k8s-keychain`. Secrets of types `kubernetes.io/dockerconfigjson` and
 * `kubernetes.io/dockercfg` count; where several name a registry, the last does. The account must be allowed to get itself
 * and them. Whatever goes wrong is a fault, never "no credentials".
 *
 * @param environment `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, proxies
 * @param directory where token, authority and namespace of the account are
 */
export function kubernetesKeychain(
  environment: NodeJS.ProcessEnv,
  directory: string = accountDirectory,
): Keychain {
  return freshKeychain(() => readPullSecrets(environment, directory));
}

/** Finds the credentials in pull secrets of a namespace by their names. */
export type NamespaceSecrets = (namespace: string, names: readonly string[]) => Keychain;

/**
 * The credentials in pull secrets of any namespace, read as the service account of this Pod, which must be allowed to get
 * them. As with `kubernetesKeychain`, whatever goes wrong is a fault; a secret that is not there, too.
 *
 * @param environment `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, proxies
 * @param directory where token, authority and namespace of the account are
 */
export function namespaceSecrets(
  environment: NodeJS.ProcessEnv,
  directory: string = accountDirectory,
): NamespaceSecrets {
  const known = new Map<string, Keychain>();
  return (namespace, names) => {
    const key = JSON.stringify([namespace, names]);
    const found =
      known.get(key) ??
      freshKeychain(async () => {
        const { cluster, close } = await openCluster(environment, directory);
        try {
          return await readSecrets(cluster, namespace, names);
        } finally {
          close();
        }
      });
    remember(known, key, found, limits.namespaces);
    return found;
  };
}

/** The credentials that texts of a pull secret hold, by key: `.dockerconfigjson` or `.dockercfg`. @throws OCI_CREDENTIALS_UNREADABLE */
export function pullSecretKeychain(
  secrets: readonly { readonly name: string; readonly texts: ReadonlyMap<string, string> }[],
): Keychain {
  const all = secrets.map(({ name, texts }) => {
    const encode = (text: string) => new TextEncoder().encode(text);
    const where = `secret ${name}`;
    const [config, old] = [texts.get('.dockerconfigjson'), texts.get('.dockercfg')];
    if (config !== undefined) return parseSecret(dockerConfig, encode(config), where).auths ?? {};
    if (old !== undefined) return parseSecret(authsSchema, encode(old), where);
    throw unreadable(where, 'it has no .dockerconfigjson and no .dockercfg');
  });
  const auths: Auths = Object.fromEntries(all.flatMap((one) => Object.entries(one)));
  return { resolve: async (registry, repository) => credentialsFor(auths, registry, repository) };
}

/** The credentials in what `read` gives, which is asked again once it is old. */
function freshKeychain(read: () => Promise<Auths>): Keychain {
  let known: { readonly auths: Promise<Auths>; readonly until: number } | undefined;
  return {
    async resolve(registry, repository) {
      if (known === undefined || known.until < Date.now()) {
        known = { auths: read(), until: Date.now() + freshMs };
      }
      const current = known;
      try {
        return credentialsFor(await current.auths, registry, repository);
      } catch (error) {
        // A fault is not remembered.
        if (known === current) known = undefined;
        throw error;
      }
    },
  };
}

function credentialsFor(auths: Auths, registry: string, repository: string): Credentials | undefined {
  for (const key of keysFor(registry, repository)) {
    const found = credentialsUnder(auths, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readPullSecrets(environment: NodeJS.ProcessEnv, directory: string): Promise<Auths> {
  const { cluster, close } = await openCluster(environment, directory);
  try {
    const base = `/api/v1/namespaces/${cluster.namespace}`;
    const where = `service account ${cluster.namespace}/${cluster.account}`;
    const { imagePullSecrets } = parseSecret(
      account,
      await cluster.get(`${base}/serviceaccounts/${cluster.account}`),
      where,
    );
    const names = (imagePullSecrets ?? []).map(({ name }) => name);
    if (names.length > limits.secrets) {
      throw unreadable(where, `names ${names.length} pull secrets, more than ${limits.secrets}`);
    }
    return await readSecrets(cluster, cluster.namespace, names);
  } finally {
    close();
  }
}

async function readSecrets(cluster: Cluster, namespace: string, names: readonly string[]): Promise<Auths> {
  const [odd] = [namespace, ...names].filter((name) => !objectName.test(name));
  if (odd !== undefined) throw unreadable(`secrets of ${namespace}`, `${printable(odd, 80)} is no name`);
  const found = await Promise.all(
    names.map(async (name) =>
      authsOf(
        await cluster.get(`/api/v1/namespaces/${namespace}/secrets/${name}`),
        `secret ${namespace}/${name}`,
      ),
    ),
  );
  return Object.fromEntries(found.flatMap((auths) => Object.entries(auths)));
}

/** Secrets of other types are no credentials for images, as for the kubelet. */
function authsOf(bytes: Uint8Array, where: string): Auths {
  const { type } = parseSecret(typed, bytes, where);
  if (type !== 'kubernetes.io/dockerconfigjson' && type !== 'kubernetes.io/dockercfg') return {};
  const secret = parseSecret(pullSecret, bytes, where);
  if (secret.type === 'kubernetes.io/dockercfg') {
    return parseSecret(authsSchema, Buffer.from(secret.data['.dockercfg'], 'base64'), where);
  }
  // Its credential helpers are not run: whoever may write a secret does not get to choose programs here.
  const config = parseSecret(dockerConfig, Buffer.from(secret.data['.dockerconfigjson'], 'base64'), where);
  return config.auths ?? {};
}

/** How a Pod reaches the API server, as its service account. */
export interface ServiceAccount {
  /** Origin of the API server. */
  readonly url: string;
  readonly token: string;
  /** The cluster's authority, PEM: the one to trust. */
  readonly ca: string;
}

/**
 * What Kubernetes gives every container: the address of the API server, a token for it and its authority.
 *
 * @param environment `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`
 * @throws OCI_CREDENTIALS_UNREADABLE
 */
export async function readServiceAccount(
  environment: NodeJS.ProcessEnv,
  directory: string = accountDirectory,
): Promise<ServiceAccount> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port) {
    throw unreadable('Kubernetes', 'KUBERNETES_SERVICE_HOST is not set: this does not run in a cluster');
  }
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(url)) throw unreadable('Kubernetes', 'KUBERNETES_SERVICE_HOST and _PORT are no address');
  const [token, ca] = await Promise.all([read(directory, 'token'), read(directory, 'ca.crt')]);
  return { url, token, ca };
}

async function openCluster(
  environment: NodeJS.ProcessEnv,
  directory: string,
): Promise<{ cluster: Cluster; close(): void }> {
  const { url, token, ca } = await readServiceAccount(environment, directory);
  const subject = subjectOf(token, join(directory, 'token'));
  const [namespace, name] = subject.split(':').slice(2) as [string, string];
  // The cluster's authority alone: the token must not reach whoever has some other certificate for that address.
  const { exchange, close } = createExchange({ environment, ca, onlyCa: true }, defaultLimits);
  return {
    cluster: { namespace, account: name, get: (path) => get(exchange, new URL(path, url), token) },
    close,
  };
}

async function read(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw unreadable(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
}

/** Whose token it is, by itself; that it is good, the API server decides. */
function subjectOf(token: string, path: string): string {
  const payload = token.split('.')[1] ?? '';
  return parseSecret(claims, Buffer.from(payload, 'base64url'), path).sub;
}

async function get(exchange: Exchange, url: URL, token: string): Promise<Uint8Array> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  const response = await exchange({ method: 'GET', url, headers });
  const bytes = await collect(readBody(response, defaultLimits, limits.answerBytes, undefined));
  if (response.status === 200) return bytes;
  const why =
    response.status === 401 || response.status === 403
      ? 'the service account may not get it: a Role must allow that'
      : response.status === 404
        ? 'there is no such object'
        : 'the API server failed';
  throw unreadable(`GET ${url.pathname}`, `${why} (status ${response.status})`);
}
