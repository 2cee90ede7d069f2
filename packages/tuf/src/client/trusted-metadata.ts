import { tufErrors } from '../errors.ts';
import { parseMetadataEnvelope, verifyThreshold } from '../metadata/envelope.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../metadata/roles.ts';
import type { Common, RoleKeys, Root, Snapshot, Targets, Timestamp } from '../metadata/types.ts';
import { mismatch, verifyFile } from '../metadata/verify-file.ts';

/**
 * What is believed of a repository, and the only ways it changes (TUF specification §5). Pure: bytes in, and either the
 * metadata is trusted from then on or an error is thrown and nothing has changed.
 *
 * Roles are offered in the order root, timestamp, snapshot, targets. An older file that was kept from before is offered
 * first, as `cached`: it may have expired, since it only says what was seen last.
 */
export class TrustedMetadata {
  readonly #now: Date;
  #root: Root;
  #timestamp: Timestamp | undefined;
  #snapshot: Snapshot | undefined;

  /** @param root who is trusted to begin with, by whatever road it came; it must be signed by its own keys */
  constructor(root: Uint8Array, now: Date) {
    this.#now = now;
    const envelope = parseMetadataEnvelope(root, 'root.json');
    this.#root = parseRoot(envelope.signed);
    verifyThreshold(envelope, this.#root.roles.root, 'root.json');
  }

  get root(): Root {
    return this.#root;
  }

  get timestamp(): Timestamp {
    return known(this.#timestamp);
  }

  get snapshot(): Snapshot {
    return known(this.#snapshot);
  }

  /** The next root: signed by the keys of the one before and by its own, and exactly one version on (§5.3.4–5.3.5). */
  updateRoot(bytes: Uint8Array): void {
    const version = this.#root.version + 1;
    const name = `${version}.root.json`;
    const envelope = parseMetadataEnvelope(bytes, name);
    verifyThreshold(envelope, this.#root.roles.root, name);
    const root = parseRoot(envelope.signed);
    verifyThreshold(envelope, root.roles.root, name);
    if (root.version !== version) throw mismatch(name, `version ${version}`, `version ${root.version}`);
    this.#root = root;
  }

  /** To be asked once the newest root is there: those on the way to it may have expired (§5.3.10). */
  checkRootExpiry(): void {
    this.#checkExpiry(this.#root, 'root.json');
  }

  /** @returns false where it is the one that is trusted already */
  updateTimestamp(bytes: Uint8Array, source: 'cached' | 'fetched'): boolean {
    const envelope = parseMetadataEnvelope(bytes, 'timestamp.json');
    verifyThreshold(envelope, this.#root.roles.timestamp, 'timestamp.json');
    const timestamp = parseTimestamp(envelope.signed);
    const before = this.#timestamp;
    if (before !== undefined) {
      checkNotOlder('timestamp.json', before.version, timestamp.version);
      if (timestamp.version === before.version) {
        this.#checkExpiry(before, 'timestamp.json');
        return false;
      }
      checkNotOlder('the snapshot in timestamp.json', before.snapshot.version, timestamp.snapshot.version);
    }
    if (source === 'fetched') this.#checkExpiry(timestamp, 'timestamp.json');
    this.#timestamp = timestamp;
    return true;
  }

  updateSnapshot(bytes: Uint8Array, source: 'cached' | 'fetched'): true {
    const named = this.timestamp.snapshot;
    // What was kept from before is of before: it need not be what today's timestamp names.
    if (source === 'fetched') verifyFile(bytes, named, 'snapshot.json');
    const envelope = parseMetadataEnvelope(bytes, 'snapshot.json');
    verifyThreshold(envelope, this.#root.roles.snapshot, 'snapshot.json');
    const snapshot = parseSnapshot(envelope.signed);
    if (source === 'fetched') {
      checkVersion('snapshot.json', named.version, snapshot.version);
      for (const [name, { version }] of this.#snapshot?.meta ?? []) {
        checkNotOlder(name, version, snapshot.meta.get(name)?.version ?? 0);
      }
      this.#checkExpiry(snapshot, 'snapshot.json');
    }
    this.#snapshot = snapshot;
    return true;
  }

  /**
   * Targets of the top level (`targets`), or of a role that `delegator` says who signs for. Nothing is remembered: the
   * same file under another delegator is verified with that one's keys.
   */
  checkTargets(bytes: Uint8Array, role: string, delegator: RoleKeys): Targets {
    const name = `${role}.json`;
    const info = this.snapshot.meta.get(name);
    if (info === undefined) throw mismatch(name, 'to be named in snapshot.json', 'not named');
    verifyFile(bytes, info, name);
    const envelope = parseMetadataEnvelope(bytes, name);
    verifyThreshold(envelope, delegator, name);
    const targets = parseTargets(envelope.signed);
    checkVersion(name, info.version, targets.version);
    this.#checkExpiry(targets, name);
    return targets;
  }

  #checkExpiry({ expires }: Common, name: string): void {
    if (expires > this.#now) return;
    throw tufErrors.error('TUF_EXPIRED', {
      message: `${name} of the repository has expired`,
      expected: `good at ${this.#now.toISOString()}`,
      found: `expired ${expires.toISOString()}`,
    });
  }
}

function known<T>(metadata: T | undefined): T {
  if (metadata === undefined) throw new TypeError('roles are offered in the order of the specification');
  return metadata;
}

function checkVersion(name: string, expected: number, found: number): void {
  if (found !== expected) throw mismatch(name, `version ${expected}`, `version ${found}`);
}

function checkNotOlder(name: string, before: number, now: number): void {
  if (now >= before) return;
  throw tufErrors.error('TUF_ROLLBACK', {
    message: `${name} is older than what the repository offered before`,
    expected: `version ${before} or later`,
    found: now === 0 ? 'none' : `version ${now}`,
  });
}
