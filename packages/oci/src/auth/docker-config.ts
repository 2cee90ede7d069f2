import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { ociErrors } from '../errors.ts';
import { dockerHub } from '../reference/reference.ts';
import { type Helper, runHelper } from './helper.ts';
import type { Credentials, Keychain } from './keychain.ts';

const maxConfigBytes = 4 * 1024 * 1024;

const entrySchema = v.object({
  auth: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
  registrytoken: v.optional(v.string()),
});
const helperName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'not the name of a credential helper'),
);
const configSchema = v.object({
  auths: v.optional(v.nullable(v.record(v.string(), v.nullable(entrySchema)))),
  credsStore: v.optional(v.union([v.literal(''), helperName])),
  credHelpers: v.optional(v.nullable(v.record(v.string(), helperName))),
});
type Config = v.InferOutput<typeof configSchema>;

/**
 * The credential files of Docker and Podman, first one that exists: `REGISTRY_AUTH_FILE` (must exist if set),
 * `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, `$XDG_RUNTIME_DIR/containers/auth.json`,
 * `$XDG_CONFIG_HOME` or `~/.config` + `/containers/auth.json`. Read anew on every look-up: logins take effect at once.
 */
export function environmentKeychain(environment: NodeJS.ProcessEnv, helper: Helper = runHelper): Keychain {
  return {
    async resolve(registry, repository) {
      for (const { path, required } of candidates(environment)) {
        const text = await readIfThere(path, required);
        if (text !== undefined)
          return await lookUp(parseConfig(text, path), registry, repository, helper, environment);
      }
      return undefined;
    },
  };
}

function candidates(environment: NodeJS.ProcessEnv): { path: string; required: boolean }[] {
  const { REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  if (REGISTRY_AUTH_FILE) return [{ path: REGISTRY_AUTH_FILE, required: true }];
  const home = environment.HOME || homedir();
  return [
    join(DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    join(XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
  ].map((path) => ({ path, required: false }));
}

function unreadable(path: string, why: string, cause?: unknown) {
  return ociErrors.error('OCI_CREDENTIALS_UNREADABLE', { message: `${printable(path)}: ${why}`, cause });
}

async function readIfThere(path: string, required: boolean): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxConfigBytes) throw unreadable(path, 'larger than any credential file');
    return bytes;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    if (code?.startsWith('E')) throw unreadable(path, `cannot be read (${code})`, error);
    throw error;
  }
}

/** Errors name the file and the field, never a value: the values are secrets. */
function parseConfig(bytes: Uint8Array, path: string): Config {
  let document: unknown;
  try {
    document = parseJson(bytes, 'the file');
  } catch {
    throw unreadable(path, 'not well-formed JSON');
  }
  const parsed = v.safeParse(configSchema, document);
  if (parsed.success) return parsed.output;
  throw unreadable(
    path,
    `the field "${printable(v.getDotPath(parsed.issues[0]) ?? '?')}" does not have the form it should`,
  );
}

/** Docker Hub goes by several names in these files; the first is the one `docker login` writes. */
const hubKeys = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/** Normalises a key of `auths`: `https://host/v1/` is `host` (only Docker Hub's old keys have such paths). */
function normalise(key: string): string {
  const plain = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return plain.replace(/\/v[12]$/, '');
}

/** Keys that may hold credentials for the repository, the most specific first (containers-auth.json(5)). */
function keysFor(registry: string, repository: string): string[] {
  const parts = repository === '' ? [] : repository.split('/');
  const scoped = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  if (registry !== dockerHub) return [...scoped, registry];
  const familiar = scoped.map((key) => key.replace(dockerHub, 'docker.io'));
  return [...scoped.flatMap((key, index) => [key, familiar[index]!]), ...hubKeys];
}

async function lookUp(
  config: Config,
  registry: string,
  repository: string,
  helper: Helper,
  environment: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  const keys = keysFor(registry, repository);
  const helpers = Object.entries(config.credHelpers ?? {});
  const auths = Object.entries(config.auths ?? {});
  for (const key of keys) {
    const named = helpers.find(([name]) => normalise(name) === normalise(key));
    if (named !== undefined) {
      const found = await helper(named[1], named[0], environment);
      if (found !== undefined) return found;
    }
    const entry =
      auths.find(([name]) => name === key) ?? auths.find(([name]) => normalise(name) === normalise(key));
    const found = entry?.[1] ? credentialsOf(entry[1], entry[0]) : undefined;
    if (found !== undefined) return found;
  }
  if (!config.credsStore) return undefined;
  // A store knows registries by the name `docker login` used.
  for (const server of registry === dockerHub ? hubKeys : [registry, `https://${registry}`]) {
    const found = await helper(config.credsStore, server, environment);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `auth` is base64 of name and password; Docker leaves the entry empty where a helper holds the secret. */
function credentialsOf(entry: v.InferOutput<typeof entrySchema>, key: string): Credentials | undefined {
  let { username, password } = entry;
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) throw unreadable(key, 'its "auth" is not base64 of NAME:PASSWORD');
    username = text.slice(0, colon);
    // Docker pads with NUL.
    password = text.slice(colon + 1).replace(/\0+$/, '');
  }
  const credentials: Credentials = {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(entry.identitytoken ? { identityToken: entry.identitytoken } : {}),
    ...(entry.registrytoken ? { registryToken: entry.registrytoken } : {}),
  };
  return Object.keys(credentials).length === 0 ? undefined : credentials;
}
