import { parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { ociErrors } from '../errors.ts';
import { dockerHub } from '../reference/reference.ts';
import type { Credentials } from './keychain.ts';

const entrySchema = v.object({
  auth: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
  registrytoken: v.optional(v.string()),
});

/** Credentials by registry, or registry with the beginning of a path, as Docker's files and Kubernetes' secrets hold them. */
export const authsSchema = v.record(v.string(), v.nullable(entrySchema));
export type Auths = v.InferOutput<typeof authsSchema>;

/** `where` is a file, a key in one, or a secret; never one of its values. */
export function unreadable(where: string, why: string, cause?: unknown) {
  return ociErrors.error('OCI_CREDENTIALS_UNREADABLE', { message: `${printable(where)}: ${why}`, cause });
}

/**
 * Reads JSON that holds secrets: errors name the place and the field, never a value.
 *
 * @throws OCI_CREDENTIALS_UNREADABLE
 */
export function parseSecret<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  where: string,
): v.InferOutput<Schema> {
  let document: unknown;
  try {
    document = parseJson(bytes, 'the file');
  } catch {
    throw unreadable(where, 'not well-formed JSON');
  }
  const parsed = v.safeParse(schema, document);
  if (parsed.success) return parsed.output;
  throw unreadable(
    where,
    `the field "${printable(v.getDotPath(parsed.issues[0]) ?? '?')}" does not have the form it should`,
  );
}

/** Docker Hub goes by several names in these files; the first is the one `docker login` writes. */
export const hubKeys = [
  'https://index.docker.io/v1/',
  'index.docker.io',
  'docker.io',
  'registry-1.docker.io',
];

/** Normalises a key of `auths`: `https://host/v1/` is `host` (only Docker Hub's old keys have such paths). */
export function normaliseKey(key: string): string {
  const plain = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return plain.replace(/\/v[12]$/, '');
}

/** Keys that may hold credentials for the repository, the most specific first (containers-auth.json(5)). */
export function keysFor(registry: string, repository: string): string[] {
  const parts = repository === '' ? [] : repository.split('/');
  const scoped = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  if (registry !== dockerHub) return [...scoped, registry];
  const familiar = scoped.map((key) => key.replace(dockerHub, 'docker.io'));
  return [...scoped.flatMap((key, index) => [key, familiar[index]!]), ...hubKeys];
}

/** The credentials under one of `keysFor`; undefined where there are none. */
export function credentialsUnder(auths: Auths, key: string): Credentials | undefined {
  const entries = Object.entries(auths);
  const found =
    entries.find(([name]) => name === key) ??
    entries.find(([name]) => normaliseKey(name) === normaliseKey(key));
  return found?.[1] ? credentialsOf(found[1], found[0]) : undefined;
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
