import { createHash } from 'node:crypto';
import { generateSigningKey, type JsonObject, type SigningKey, toHex } from '@pratique/crypto';
import type { Mirror } from '../client/mirror.ts';
import { tufErrors } from '../errors.ts';
import { signedBytes } from '../metadata/canonical.ts';

export const now = new Date('2026-06-01T12:00:00Z');
const future = '2026-07-01T00:00:00Z';

// biome-ignore lint/suspicious/noExplicitAny: documents are edited into what no type would allow.
export type Document = Record<string, any>;

export function tufKey(key: SigningKey): Document {
  return {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: toHex(key.publicKey.spki.subarray(-32)) },
  };
}

export function keyId(key: SigningKey): string {
  return createHash('sha256')
    .update(signedBytes(tufKey(key)))
    .digest('hex');
}

export function roleOf(keys: readonly SigningKey[], threshold = 1): Document {
  return { keyids: keys.map(keyId), threshold };
}

export function keysOf(keys: readonly SigningKey[]): Document {
  return Object.fromEntries(keys.map((key) => [keyId(key), tufKey(key)]));
}

export function seal(signed: JsonObject, keys: readonly SigningKey[]): Uint8Array {
  const bytes = signedBytes(signed);
  const signatures = keys.map((key) => ({ keyid: keyId(key), sig: toHex(key.sign(bytes)) }));
  return encode({ signatures, signed });
}

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function info(bytes: Uint8Array): Document {
  return { length: bytes.byteLength, hashes: { sha256: createHash('sha256').update(bytes).digest('hex') } };
}

const common = (type: string, version = 1): Document => ({
  _type: type,
  spec_version: '1.0.34',
  version,
  expires: future,
});

/**
 * A repository whose every part can be made wrong on its own: documents are edited, `publish` names and signs them with
 * whatever keys stand in `signers`, and `files` can still be changed afterwards. Its root needs two of three keys.
 */
export class VirtualRepository {
  readonly rootKeys = [0, 1, 2].map(() => generateSigningKey('ed25519'));
  readonly onlineKeys = {
    timestamp: generateSigningKey('ed25519'),
    snapshot: generateSigningKey('ed25519'),
    targets: generateSigningKey('ed25519'),
  };
  readonly signers: Record<string, readonly SigningKey[]> = {
    root: this.rootKeys.slice(0, 2),
    timestamp: [this.onlineKeys.timestamp],
    snapshot: [this.onlineKeys.snapshot],
    targets: [this.onlineKeys.targets],
  };
  readonly root: Document = {
    ...common('root'),
    consistent_snapshot: true,
    keys: keysOf([...this.rootKeys, ...Object.values(this.onlineKeys)]),
    roles: {
      root: roleOf(this.rootKeys, 2),
      timestamp: roleOf([this.onlineKeys.timestamp]),
      snapshot: roleOf([this.onlineKeys.snapshot]),
      targets: roleOf([this.onlineKeys.targets]),
    },
  };
  readonly timestamp: Document = { ...common('timestamp', 2), meta: {} };
  readonly snapshot: Document = { ...common('snapshot', 2), meta: {} };
  readonly targets: Document = { ...common('targets', 2), targets: {} };
  /** Delegated roles by name; each signs with `signers[name]`. */
  readonly delegated: Record<string, Document> = {};
  readonly files = new Map<string, Uint8Array>();
  /** Every file that was asked for. */
  readonly requests: string[] = [];
  /** Whether metadata names hashes and lengths of metadata, as it may. */
  hashes = true;
  reachable = true;

  constructor() {
    this.addTarget('trusted_root.json', 'trusted');
    this.publishRoot();
    this.publish();
  }

  /** The root that a client begins with. */
  get bootstrap(): Uint8Array {
    return this.files.get('1.root.json')!;
  }

  delegate(name: string, key: SigningKey, paths: readonly string[], options: Document = {}): Document {
    const { from = this.targets, ...more } = options;
    from.delegations ??= { keys: {}, roles: [] };
    Object.assign(from.delegations.keys, keysOf([key]));
    from.delegations.roles.push({ name, ...roleOf([key]), terminating: false, paths, ...more });
    this.signers[name] = [key];
    this.delegated[name] ??= { ...common('targets'), targets: {} };
    return this.delegated[name];
  }

  addTarget(path: string, content: string, role: Document = this.targets): void {
    const bytes = new TextEncoder().encode(content);
    role.targets[path] = info(bytes);
    const at = path.lastIndexOf('/') + 1;
    this.files.set(`targets/${path.slice(0, at)}${info(bytes).hashes.sha256}.${path.slice(at)}`, bytes);
  }

  /** Signs the root as version `file` has it; what the document says may differ. */
  publishRoot(file = this.root.version): void {
    this.files.set(`${file}.root.json`, seal(this.root, this.signers.root!));
  }

  /** The next version of everything below the root. */
  next(): void {
    for (const document of [this.timestamp, this.snapshot, this.targets]) document.version++;
  }

  publish(): void {
    for (const [name, document] of Object.entries(this.delegated)) this.#publish(name, document);
    this.#publish('targets', this.targets);
    this.files.set(`${this.snapshot.version}.snapshot.json`, seal(this.snapshot, this.signers.snapshot!));
    this.timestamp.meta['snapshot.json'] = this.#meta(
      `${this.snapshot.version}.snapshot.json`,
      this.snapshot,
    );
    this.publishTimestamp();
  }

  publishTimestamp(): void {
    this.files.set('timestamp.json', seal(this.timestamp, this.signers.timestamp!));
  }

  #publish(name: string, document: Document): void {
    const file = `${document.version}.${name}.json`;
    this.files.set(file, seal(document, this.signers[name]!));
    this.snapshot.meta[`${name}.json`] = this.#meta(file, document);
  }

  #meta(file: string, document: Document): Document {
    return { version: document.version, ...(this.hashes ? info(this.files.get(file)!) : {}) };
  }

  mirror(): Mirror {
    return {
      url: 'https://tuf.example.test',
      fetch: async (path, maxBytes) => {
        const name = path.join('/');
        this.requests.push(name);
        if (!this.reachable) {
          throw tufErrors.error('TUF_UNREACHABLE', { message: 'the repository is down' });
        }
        const bytes = this.files.get(name);
        if (bytes !== undefined && bytes.byteLength > maxBytes) {
          throw tufErrors.error('TUF_SIZE_EXCEEDED', { message: `${name} is too large` });
        }
        return bytes;
      },
    };
  }
}
