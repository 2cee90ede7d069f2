import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, isJsonObject, type JsonObject, parseJson, type SigningKey } from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { fileInfo, signMetadata, tufKey } from './metadata.ts';

/** A target: its content, and how Sigstore's clients that know no trusted root are to use it. */
export interface Target {
  readonly content: string;
  readonly custom?: JsonObject;
}

export interface TufOptions {
  readonly directory: string;
  readonly rootKey: SigningKey;
  /** Signs targets, snapshot and timestamp. */
  readonly onlineKey: SigningKey;
}

const day = 86_400_000;
/** How long metadata is good for. It is signed anew when half of that is over. */
const lifetimes = { root: 365 * day, targets: 90 * day, snapshot: 14 * day, timestamp: 7 * day };
type RoleName = keyof typeof lifetimes;

interface Metadata {
  readonly version: number;
  readonly text: string;
  readonly signed: JsonObject;
}

/**
 * A TUF repository (specification 1.0.34) with consistent snapshots on a directory: `N.root.json`, `N.targets.json`,
 * `N.snapshot.json`, `timestamp.json`, and targets under `targets/<sha256>.<name>`. Old versions stay, so that a client
 * in the middle of an update finds what it began with.
 */
export class TufRepository {
  readonly #options: TufOptions;
  readonly #files: string;

  constructor(options: TufOptions) {
    this.#options = options;
    this.#files = join(options.directory, 'repository');
  }

  /** Publishes these targets, and signs anew what changed or gets old. What refers to a file is written after it. */
  publish(targets: Readonly<Record<string, Target>>, now = new Date()): void {
    const { rootKey, onlineKey } = this.#options;
    const root = this.#renew('root', this.#rootContent(), rootKey, now);
    // Clients begin at the root they were given; new ones find the newest under a plain name as well.
    this.#write('root.json', root.text);
    const infos: Record<string, JsonObject> = {};
    for (const [name, { content, custom }] of Object.entries(targets)) {
      const info = fileInfo(content);
      this.#write(`targets/${info.hashes.sha256}.${name}`, content);
      infos[name] = { ...info, ...(custom === undefined ? {} : { custom }) };
    }
    const list = this.#renew('targets', { targets: infos }, onlineKey, now);
    const snapshot = this.#renew(
      'snapshot',
      { meta: { 'targets.json': { version: list.version, ...fileInfo(list.text) } } },
      onlineKey,
      now,
    );
    this.#renew(
      'timestamp',
      { meta: { 'snapshot.json': { version: snapshot.version, ...fileInfo(snapshot.text) } } },
      onlineKey,
      now,
    );
  }

  /** A file of the repository by its path in URLs; undefined when there is none. */
  read(path: string): Uint8Array | undefined {
    if (!/^(targets\/)?[A-Za-z0-9_.-]+$/.test(path) || path.includes('..')) return undefined;
    const file = join(this.#files, path);
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file) : undefined;
  }

  #rootContent(): JsonObject {
    const [root, online] = [tufKey(this.#options.rootKey), tufKey(this.#options.onlineKey)];
    const role = ({ id }: { readonly id: string }) => ({ keyids: [id], threshold: 1 });
    return {
      consistent_snapshot: true,
      keys: { [root.id]: root.value, [online.id]: online.value },
      roles: { root: role(root), targets: role(online), snapshot: role(online), timestamp: role(online) },
    };
  }

  /** The newest metadata of a role: what is there when it says `content` for long enough yet, else a new version. */
  #renew(role: RoleName, content: JsonObject, key: SigningKey, now: Date): Metadata {
    const current = this.#current(role);
    const expires = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
    if (current !== undefined) {
      const { _type, spec_version, version, expires: end, ...rest } = current.signed;
      const left = Date.parse(String(end)) - now.getTime();
      if (left > lifetimes[role] / 2 && canonicalJson(rest) === canonicalJson(content)) return current;
    }
    const version = (current?.version ?? 0) + 1;
    const signed = {
      _type: role,
      spec_version: '1.0.34',
      version,
      expires: expires(now.getTime() + lifetimes[role]),
      ...content,
    };
    const text = signMetadata(signed, key);
    // The file that says which version is newest, outside of what is served.
    if (role !== 'timestamp') this.#write(`${version}.${role}.json`, text);
    else this.#write('timestamp.json', text);
    replaceFile(join(this.#options.directory, `${role}.json`), text);
    return { version, text, signed };
  }

  #current(role: RoleName): Metadata | undefined {
    const path = join(this.#options.directory, `${role}.json`);
    if (!existsSync(path)) return undefined;
    const text = readFileSync(path, 'utf8');
    const document = parseJson(new TextEncoder().encode(text), path);
    const signed = isJsonObject(document) ? document.signed : undefined;
    if (!isJsonObject(signed) || typeof signed.version !== 'number') {
      throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
        message: `the ${role} metadata of the TUF repository cannot be read`,
      });
    }
    return { version: signed.version, text, signed };
  }

  #write(path: string, content: string): void {
    const file = join(this.#files, path);
    if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
    replaceFile(file, content);
  }
}
