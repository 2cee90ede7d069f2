import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import { makeDirectories, readNamedFile } from '@pratique/storage';
import { ociErrors } from '../errors.ts';
import { dockerHub } from '../reference/reference.ts';
import { eraseWithHelper, storeWithHelper } from './helper.ts';

/** Where `docker login` keeps what is for Docker Hub. */
const hubServer = 'https://index.docker.io/v1/';

/** The file that credentials are written to: REGISTRY_AUTH_FILE, else Docker's. */
function credentialFile({ REGISTRY_AUTH_FILE, DOCKER_CONFIG, HOME }: NodeJS.ProcessEnv): string {
  return REGISTRY_AUTH_FILE || join(DOCKER_CONFIG || join(HOME || homedir(), '.docker'), 'config.json');
}

/**
 * Keeps credentials as `docker login` does: with the credential helper that the file names for the registry or for all,
 * else in the file itself, which only its owner can read. Everything else in the file stays.
 *
 * @returns where they are kept, for people
 * @throws OCI_CREDENTIALS_UNREADABLE
 */
export async function logIn(
  registry: string,
  credentials: { readonly username: string; readonly password: string },
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const path = credentialFile(environment);
  const config = readConfig(path);
  const server = serverName(registry);
  const helper = helperFor(config, server);
  if (helper !== undefined) {
    await storeWithHelper(helper, server, credentials, environment);
    return `docker-credential-${helper}`;
  }
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  await writeConfig(path, { ...config, auths: { ...auths(config), [server]: { auth } } });
  return path;
}

/** Forgets the credentials for a registry. @returns false where there were none in the file */
export async function logOut(registry: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const path = credentialFile(environment);
  const config = readConfig(path);
  const server = serverName(registry);
  const helper = helperFor(config, server);
  if (helper !== undefined) await eraseWithHelper(helper, server, environment);
  const { [server]: found, ...others } = auths(config);
  if (found !== undefined) await writeConfig(path, { ...config, auths: others });
  return helper !== undefined || found !== undefined;
}

function serverName(registry: string): string {
  return registry === dockerHub ? hubServer : registry;
}

function helperFor({ credHelpers, credsStore }: JsonObject, server: string): string | undefined {
  const named =
    isJsonObject(credHelpers) && Object.hasOwn(credHelpers, server) ? credHelpers[server] : credsStore;
  if (typeof named !== 'string' || named === '') return undefined;
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(named)) return named;
  throw unreadable('it names a credential helper by something that is no name');
}

function auths({ auths: found }: JsonObject): JsonObject {
  return isJsonObject(found) ? found : {};
}

const maxConfigBytes = 4 * 1024 * 1024;

function readConfig(path: string): JsonObject {
  let bytes: Uint8Array;
  try {
    bytes = readNamedFile(path, maxConfigBytes);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw unreadable(`${path} cannot be read`, cause);
  }
  try {
    const config = parseJson(bytes, path, { maxBytes: maxConfigBytes });
    if (isJsonObject(config)) return config;
  } catch {
    // The parser's message would quote the file.
  }
  throw unreadable(`${path} is not a JSON object, and is left as it is`);
}

async function writeConfig(path: string, config: JsonObject): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    makeDirectories(dirname(path), 0o700);
    await writeFile(temporary, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unreadable(`${path} cannot be written`, cause);
  }
}

function unreadable(message: string, cause?: unknown) {
  return ociErrors.error('OCI_CREDENTIALS_UNREADABLE', { message, cause });
}
