import { notaryErrors } from '../errors.ts';
import { parseEnvelope, verifyThreshold } from '../metadata/envelope.ts';
import { parseSnapshot, parseTimestamp } from '../metadata/roles.ts';
import type { Common, FileInfo, RoleKeys } from '../metadata/types.ts';
import { mismatch, verifyFile } from '../metadata/verify-file.ts';
import { pinId, type RootPin } from '../root/pin.ts';
import { canonicalIds, checkExpiry } from '../root/signed-root.ts';
import { updateRoot } from './root.ts';
import type { TrustSource } from './source.ts';
import type { Seen, TrustState } from './state.ts';
import { walkTargets } from './targets.ts';
import type { TrustedRepository } from './trusted-repository.ts';

export interface UpdateOptions {
  /** As Docker names it: `docker.io/library/alpine`, from `repositoryName`. */
  readonly repository: string;
  readonly source: TrustSource;
  readonly pin: RootPin;
  readonly state: TrustState;
  readonly now: Date;
  /** Delegated roles that matter, and so those above them; the rest is not asked for. Absent: all. */
  readonly roles?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const maxTimestampBytes = 64 * 1024;
const maxSnapshotBytes = 4 * 1024 * 1024;

/**
 * Fetches what a Notary server says about a repository and believes what is signed (TUF specification §5, in the order
 * root, timestamp, snapshot, targets, delegations). What was seen is remembered only when all of it is good.
 *
 * A delegated role that cannot be believed (threshold, expired, rolled back, another file, malformed) is a problem of
 * that role; a server that does not answer is one of all of it.
 *
 * @throws NOTARY_NOT_FOUND where the server knows no such repository and none was seen before; other codes of the
 *   catalogue for faults
 */
export async function updateTrust(options: UpdateOptions): Promise<TrustedRepository> {
  const { repository, pin, state, source, signal } = options;
  const known = state.read(repository);
  // Under another pin it is as if nothing had been seen; on first use, what was seen is what is trusted.
  const seen =
    known !== undefined && (pin.kind === 'first-use' || known.pin === pinId(pin)) ? known : undefined;
  const trusted = await updateRoot(options, seen);
  const { root } = trusted;
  const reader = new RoleReader(options, seen);

  const bytes = await source.fetch('timestamp.json', maxTimestampBytes, signal);
  if (bytes === undefined) throw mismatch('timestamp.json', 'to be there', 'not found');
  const timestamp = reader.read(bytes, 'timestamp', root.roles.timestamp, parseTimestamp);
  const snapshotBytes = await reader.fetch('snapshot', timestamp.snapshot, maxSnapshotBytes);
  const snapshot = reader.read(snapshotBytes, 'snapshot', root.roles.snapshot, parseSnapshot);
  const info = snapshot.meta.get('root');
  if (info === undefined) throw mismatch('root.json', 'to be named in the snapshot', 'not named');
  verifyFile(trusted.bytes, info, 'root.json');
  const walk = await walkTargets(reader, snapshot, root.roles.targets, options.roles);

  state.write(repository, {
    pin: seen?.pin ?? pinId(pin),
    root: trusted.bytes,
    rootVersion: root.version,
    versions: reader.versions,
  });
  return {
    repository,
    root: {
      name: 'root',
      keyIds: canonicalIds(trusted.keys),
      certificateIds: trusted.keys.keyIds,
      version: root.version,
      expires: root.expires,
    },
    fresh: timestamp.expires < snapshot.expires ? timestamp.expires : snapshot.expires,
    ...walk,
  };
}

/** Fetches and reads files of roles, and knows which versions were seen. */
export class RoleReader {
  readonly versions = new Map<string, number>();
  readonly #options: UpdateOptions;
  readonly #seen: Seen | undefined;

  constructor(options: UpdateOptions, seen: Seen | undefined) {
    this.#options = options;
    this.#seen = seen;
  }

  /** The version that was seen before; undefined where none was. */
  seenVersion(role: string): number | undefined {
    return this.#seen?.versions.get(role);
  }

  /** What was seen of a role that is not read now, and of those below it, stays so. */
  keep(role: string): void {
    for (const [name, version] of this.#seen?.versions ?? [])
      if (name === role || name.startsWith(`${role}/`)) this.versions.set(name, version);
  }

  /** The file of a role that signed metadata names. */
  async fetch(role: string, info: FileInfo, maxBytes: number): Promise<Uint8Array> {
    if (info.length > maxBytes) {
      throw notaryErrors.error('NOTARY_SIZE_EXCEEDED', {
        message: `${role}.json is larger than it may be`,
        expected: `at most ${maxBytes} bytes`,
        found: `${info.length} bytes`,
      });
    }
    const { source, signal } = this.#options;
    const bytes = await source.fetch(`${role}.${info.sha256}.json`, info.length, signal);
    if (bytes === undefined) throw mismatch(`${role}.json`, 'to be there', 'not found');
    verifyFile(bytes, info, `${role}.json`);
    return bytes;
  }

  /** What a role says, where enough of its keys signed it, it is not older than what was seen, and it has not expired. */
  read<T extends Common>(
    bytes: Uint8Array,
    role: string,
    keys: RoleKeys,
    parse: (signed: ReturnType<typeof parseEnvelope>['signed'], role: string) => T,
  ): T & { readonly signedBy: readonly string[] } {
    const name = `${role}.json`;
    const envelope = parseEnvelope(bytes, name);
    const signedBy = verifyThreshold(envelope, keys, name);
    const parsed = parse(envelope.signed, role);
    const before = this.seenVersion(role) ?? 0;
    if (parsed.version < before) throw rollback(name, before, `version ${parsed.version}`);
    checkExpiry(parsed.expires, this.#options.now, name);
    this.versions.set(role, parsed.version);
    return { ...parsed, signedBy };
  }
}

export function rollback(name: string, before: number, found: string) {
  return notaryErrors.error('NOTARY_ROLLBACK', {
    message: `${name} is older than what was seen before`,
    expected: `version ${before} or later`,
    found,
  });
}
