import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, isJsonObject, type JsonObject, parseJson, type SigningKey } from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import type { KeySuccession } from '../store/generations.ts';
import { fileInfo, signMetadata, tufKey } from './metadata.ts';
import { offlineRootFile } from './offline-root.ts';

/** A target: its content, and how Sigstore's clients that know no trusted root are to use it. */
export interface Target {
  readonly content: string;
  readonly custom?: JsonObject;
}

export interface TufOptions {
  readonly directory: string;
  readonly rootKeys: KeySuccession<SigningKey>;
  /** Sign targets, snapshot and timestamp. */
  readonly onlineKeys: KeySuccession<SigningKey>;
}

const day = 86_400_000;
/** How long metadata is good for. It is signed anew when half of that is over. */
const lifetimes = { root: 365 * day, targets: 90 * day, snapshot: 14 * day, timestamp: 7 * day };
export type TufRole = keyof typeof lifetimes;
export const tufRoles = Object.keys(lifetimes) as TufRole[];

interface Metadata {
  readonly version: number;
  readonly expires: Date;
  readonly text: string;
  /** What it says beside type, version and expiry. */
  readonly content: JsonObject;
  /** Ids of the keys that signed it. */
  readonly signers: readonly string[];
}

/**
 * A TUF repository (specification 1.0.34) with consistent snapshots on a directory: `N.root.json`, `N.targets.json`,
 * `N.snapshot.json`, `timestamp.json`, and targets under `targets/<sha256>.<name>`. Old versions stay, so that a client
 * in the middle of an update finds what it began with.
 *
 * At every moment what is there is valid, so that it may be killed at any: a file is written before those that refer to
 * it, and a root that names new keys comes after everything has been signed by the old and the new ones.
 *
 * Once there is a root that was signed elsewhere (`offline-root.json`), roots are published and not signed here.
 */
export class TufRepository {
  readonly #options: TufOptions;
  readonly #files: string;

  constructor(options: TufOptions) {
    this.#options = options;
    this.#files = join(options.directory, 'repository');
  }

  /**
   * Publishes these targets, and signs anew what changed, gets old, or is to be signed by another key.
   *
   * @throws SIGSTORE_SERVER_DAMAGED, Error of the file system
   */
  publish(targets: Readonly<Record<string, Target>>, now = new Date()): void {
    const { rootKeys, onlineKeys } = this.#options;
    const current = this.#current('root');
    const offline = this.#stored('root', offlineRootFile);
    const roots = [current, offline].filter((root) => root !== undefined);
    const signers = (role: TufRole, keys: KeySuccession<SigningKey>) => [
      ...new Set([...roots.flatMap((root) => keysOf(role, root, keys)), keys.at(now).key]),
    ];
    const infos: Record<string, JsonObject> = {};
    for (const [name, { content, custom }] of Object.entries(targets)) {
      const info = fileInfo(content);
      this.#write(`targets/${info.hashes.sha256}.${name}`, content);
      infos[name] = { ...info, ...(custom === undefined ? {} : { custom }) };
    }
    const online = signers('timestamp', onlineKeys);
    const list = this.#renew('targets', { targets: infos }, online, now);
    const snapshot = this.#renew(
      'snapshot',
      { meta: { 'targets.json': { version: list.version, ...fileInfo(list.text) } } },
      online,
      now,
    );
    this.#renew(
      'timestamp',
      { meta: { 'snapshot.json': { version: snapshot.version, ...fileInfo(snapshot.text) } } },
      online,
      now,
    );
    if (offline === undefined) {
      const content = rootContent(rootKeys.at(now).key, onlineKeys.at(now).key);
      this.#writeRoot(this.#renew('root', content, signers('root', rootKeys), now));
    } else {
      if (current?.version !== offline.version) replaceFile(this.#newestPath('root'), offline.text);
      this.#writeRoot(offline);
    }
  }

  /** A file of the repository by its path in URLs; undefined when there is none. */
  read(path: string): Uint8Array | undefined {
    if (!/^(targets\/)?[A-Za-z0-9_.-]{1,200}$/.test(path) || path.includes('..')) return undefined;
    const file = join(this.#files, path);
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file) : undefined;
  }

  /** When the published metadata of a role expires. */
  expiry(role: TufRole): Date {
    return this.#current(role)?.expires ?? new Date(0);
  }

  /**
   * The newest metadata of a role: what is there when it says `content` for long enough yet and all of `keys` signed it,
   * else a new version.
   */
  #renew(role: TufRole, content: JsonObject, keys: readonly SigningKey[], now: Date): Metadata {
    const current = this.#current(role);
    const stays =
      current !== undefined &&
      current.expires.getTime() - now.getTime() > lifetimes[role] / 2 &&
      canonicalJson(current.content) === canonicalJson(content) &&
      keys.every((key) => current.signers.includes(tufKey(key).id));
    const newest = stays ? current : this.#sign(role, (current?.version ?? 0) + 1, content, keys, now);
    // Also what a crash kept from being published.
    this.#write(role === 'timestamp' ? 'timestamp.json' : `${newest.version}.${role}.json`, newest.text);
    return newest;
  }

  #sign(
    role: TufRole,
    version: number,
    content: JsonObject,
    keys: readonly SigningKey[],
    now: Date,
  ): Metadata {
    const expires = `${new Date(now.getTime() + lifetimes[role]).toISOString().slice(0, 19)}Z`;
    const signed = { _type: role, spec_version: '1.0.34', version, expires, ...content };
    const text = signMetadata(signed, keys);
    // Before it is published, so that no version is ever published with two contents.
    replaceFile(this.#newestPath(role), text);
    return this.#read(role, text);
  }

  /** The file that holds the newest version, outside of what is served. */
  #newestPath(role: TufRole): string {
    return join(this.#options.directory, `${role}.json`);
  }

  #current(role: TufRole): Metadata | undefined {
    return this.#stored(role, `${role}.json`);
  }

  #stored(role: TufRole, name: string): Metadata | undefined {
    const path = join(this.#options.directory, name);
    return existsSync(path) ? this.#read(role, readFileSync(path, 'utf8')) : undefined;
  }

  /** Clients begin at the root they were given; new ones find the newest under a plain name as well. */
  #writeRoot({ version, text }: Metadata): void {
    this.#write(`${version}.root.json`, text);
    this.#write('root.json', text);
  }

  #read(role: TufRole, text: string): Metadata {
    const document = parseJson(new TextEncoder().encode(text), `${role}.json`);
    const { signed, signatures } = isJsonObject(document) ? document : {};
    if (!isJsonObject(signed) || typeof signed.version !== 'number' || !Array.isArray(signatures)) {
      throw damaged(`the ${role} metadata of the TUF repository cannot be read`);
    }
    const { _type, spec_version, version, expires, ...content } = signed;
    return {
      version: signed.version,
      expires: new Date(String(expires)),
      text,
      content,
      signers: signatures.flatMap((one) => (isJsonObject(one) ? [String(one.keyid)] : [])),
    };
  }

  #write(path: string, content: string): void {
    const file = join(this.#files, path);
    if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
    replaceFile(file, content);
  }
}

function rootContent(rootKey: SigningKey, onlineKey: SigningKey): JsonObject {
  const [root, online] = [tufKey(rootKey), tufKey(onlineKey)];
  const role = ({ id }: { readonly id: string }) => ({ keyids: [id], threshold: 1 });
  return {
    consistent_snapshot: true,
    keys: { [root.id]: root.value, [online.id]: online.value },
    roles: { root: role(root), targets: role(online), snapshot: role(online), timestamp: role(online) },
  };
}

/** The keys that a root names for a role: clients that know no newer root believe only those. */
function keysOf(
  role: TufRole,
  { content, version }: Metadata,
  keys: KeySuccession<SigningKey>,
): readonly SigningKey[] {
  const roles = isJsonObject(content.roles) ? content.roles : {};
  const named = isJsonObject(roles[role]) ? roles[role].keyids : undefined;
  const found = keys.all
    .map(({ key }) => key)
    .filter((key) => {
      const { id } = tufKey(key);
      return Array.isArray(named) && named.includes(id);
    });
  if (found.length > 0) return found;
  throw damaged(`there is no key that version ${version} of the TUF root names for ${role}`);
}

function damaged(message: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', { message });
}
