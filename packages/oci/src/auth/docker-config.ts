import { homedir } from 'node:os';
import { join } from 'node:path';
import { FileRefused, readNamedFile } from '@pratique/storage';
import * as v from 'valibot';
import { dockerHub } from '../reference/reference.ts';
import {
  authsSchema,
  credentialsUnder,
  hubKeys,
  keysFor,
  normaliseKey,
  parseSecret,
  unreadable,
} from './auths.ts';
import { type Helper, runHelper } from './helper.ts';
import type { Credentials, Keychain } from './keychain.ts';

const maxConfigBytes = 4 * 1024 * 1024;

const helperName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'not the name of a credential helper'),
);
const configSchema = v.object({
  auths: v.optional(v.nullable(authsSchema)),
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
        const text = readIfThere(path, required);
        if (text !== undefined)
          return await lookUp(
            parseSecret(configSchema, text, path),
            registry,
            repository,
            helper,
            environment,
          );
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

function readIfThere(path: string, required: boolean): Uint8Array | undefined {
  try {
    return readNamedFile(path, maxConfigBytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    if (error instanceof FileRefused) throw unreadable(path, error.message, error);
    if (code?.startsWith('E')) throw unreadable(path, `cannot be read (${code})`, error);
    throw error;
  }
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
  for (const key of keys) {
    const named = helpers.find(([name]) => normaliseKey(name) === normaliseKey(key));
    if (named !== undefined) {
      const found = await helper(named[1], named[0], environment);
      if (found !== undefined) return found;
    }
    const found = credentialsUnder(config.auths ?? {}, key);
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
