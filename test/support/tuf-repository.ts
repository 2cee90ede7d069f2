/** A repository of ours with years behind it, and copies of it that lie. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generateSigningKey, type JsonObject, type SigningKey } from '../../packages/crypto/src/index.ts';
import { Succession } from '../../packages/sigstore-server/src/store/generations.ts';
import { signMetadata, tufKey } from '../../packages/sigstore-server/src/tuf/metadata.ts';
import { TufRepository } from '../../packages/sigstore-server/src/tuf/repository.ts';

const day = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * day);

/** Keys that follow one another, the first used from `from[0]` days ago. */
function successionFrom(from: readonly number[]) {
  const all = from.map((days, index) => ({
    number: index + 1,
    since: daysAgo(days),
    key: generateSigningKey('ed25519'),
  }));
  return new Succession([all[0]!, ...all.slice(1)]);
}

// biome-ignore lint/suspicious/noExplicitAny: documents are edited into what no type would allow.
type Document = Record<string, any>;

/** Two years of renewals and rotations up to today: four root keys, five online keys. */
export class AgedRepository {
  readonly directory: string;
  readonly rootKeys = successionFrom([730, 500, 250, 20]);
  readonly onlineKeys = successionFrom([730, 600, 400, 200, 10]);
  readonly #repository: TufRepository;

  constructor(directory: string) {
    this.directory = join(directory, 'repository');
    this.#repository = new TufRepository({
      directory,
      rootKeys: this.rootKeys,
      onlineKeys: this.onlineKeys,
    });
    // As often as a server that is started once a week and a half of a timestamp's life.
    for (let days = 730; days >= 12; days -= 6) this.publish(`${days} days ago`, days);
  }

  publish(content: string, days = 0): void {
    this.#repository.publish({ 'trusted_root.json': { content } }, daysAgo(days));
  }

  /** A copy as it is now. */
  copy(to: string): ForgedRepository {
    cpSync(this.directory, to, { recursive: true });
    return new ForgedRepository(to, this);
  }
}

/** A copy that a thief of some keys, or of none, changes. */
export class ForgedRepository {
  readonly directory: string;
  readonly #of: AgedRepository;

  constructor(directory: string, of: AgedRepository) {
    this.directory = directory;
    this.#of = of;
  }

  get root(): Document {
    return this.read('root.json').signed;
  }

  get onlineKey(): SigningKey {
    return this.#of.onlineKeys.all.at(-1)!.key;
  }

  get rootKey(): SigningKey {
    return this.#of.rootKeys.all.at(-1)!.key;
  }

  get retiredOnlineKey(): SigningKey {
    return this.#of.onlineKeys.all.at(-2)!.key;
  }

  read(name: string): Document {
    return JSON.parse(readFileSync(join(this.directory, name), 'utf8')) as Document;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** Writes the timestamp anew with changes, signed by `key`. */
  timestamp(changes: Document, key = this.onlineKey): void {
    this.write('timestamp.json', signMetadata({ ...this.read('timestamp.json').signed, ...changes }, [key]));
  }

  /** The next root: `key` in place of the root key, with changes, signed by these keys. */
  nextRoot(key: SigningKey, signers: readonly SigningKey[], changes: Document = {}): void {
    const before = this.root;
    const { id, value } = tufKey(key);
    const signed = {
      ...before,
      version: before.version + 1,
      keys: { ...before.keys, [id]: value },
      roles: { ...before.roles, root: { keyids: [id], threshold: 1 } },
      ...changes,
    };
    this.write(`${before.version + 1}.root.json`, signMetadata(signed as JsonObject, signers));
  }
}

/** Serves a directory on a free port of loopback, until stopped. */
export async function serveFiles(
  directory: () => string,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(directory(), decodeURIComponent(request.url!))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
