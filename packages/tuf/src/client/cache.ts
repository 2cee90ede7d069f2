import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { replaceFile } from '@pratique/storage';
import { directoryStore, type FileStore } from './store.ts';

/** What is remembered of a repository beside its files. */
interface CacheState {
  /** When the repository was last asked for everything. */
  readonly updated: Date;
  /** SHA-256 of the root that the update began with. */
  readonly bootstrap: string | undefined;
}

/**
 * The directory where Sigstore's clients keep TUF repositories, in the layout that Cosign 3 and sigstore-go share:
 * `remote.json` names the mirror that `initialize` was given, `MIRROR/` holds metadata and `targets/`, `MIRROR.json`
 * when it was last updated. MIRROR is the address without its scheme, lower case, `/` and `:` as `-`.
 */
export class Cache {
  readonly #directory: string;
  readonly #onFailure: (error: Error) => void;

  constructor(directory: string, onFailure: (error: Error) => void) {
    this.#directory = directory;
    this.#onFailure = onFailure;
  }

  /** The mirror that `initialize` was given. */
  get mirror(): string | undefined {
    const { mirror } = this.#readJson('remote.json');
    return typeof mirror === 'string' ? mirror : undefined;
  }

  setMirror(mirror: string): void {
    this.#writeJson('remote.json', { mirror });
  }

  metadata(mirror: string): FileStore {
    return directoryStore(join(this.#directory, directoryName(mirror)), this.#onFailure);
  }

  targets(mirror: string): FileStore {
    return directoryStore(join(this.#directory, directoryName(mirror), 'targets'), this.#onFailure);
  }

  state(mirror: string): CacheState {
    const { lastTimestamp, bootstrap } = this.#readJson(`${directoryName(mirror)}.json`);
    const updated = new Date(typeof lastTimestamp === 'string' ? lastTimestamp : 0);
    return {
      updated: Number.isNaN(updated.getTime()) ? new Date(0) : updated,
      bootstrap: typeof bootstrap === 'string' ? bootstrap : undefined,
    };
  }

  setState(mirror: string, updated: Date, bootstrap: Uint8Array): void {
    this.#writeJson(`${directoryName(mirror)}.json`, {
      lastTimestamp: updated.toISOString(),
      bootstrap: sha256(bootstrap),
    });
  }

  /** A file that cannot be read is as if it was not there: the cache only saves requests. */
  #readJson(name: string): JsonObject {
    try {
      const value = parseJson(readFileSync(join(this.#directory, name)), name, { maxBytes: 64 * 1024 });
      return isJsonObject(value) ? value : {};
    } catch (error) {
      if (error instanceof PratiqueError || (error as NodeJS.ErrnoException).code !== undefined) return {};
      throw error;
    }
  }

  #writeJson(name: string, value: JsonObject): void {
    try {
      replaceFile(join(this.#directory, name), `${JSON.stringify(value)}\n`);
    } catch (error) {
      this.#onFailure(error as Error);
    }
  }
}

function directoryName(mirror: string): string {
  return mirror
    .replace(/^https:\/\//, '')
    .replace(/^http:\/\//, '')
    .replaceAll(/[/:]/g, '-')
    .toLowerCase();
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
