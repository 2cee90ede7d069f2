import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leafHash } from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import { Journal } from '../log/journal.ts';
import { decodeEntry } from '../log/log.ts';
import { auditLog, type LogAudit, type SeenTree } from './audit-log.ts';
import { isPublished, type TileSource, tilesBelow, tilesInDirectory } from './tile-source.ts';

/** The logs of a private Sigstore, and where their tiles are below its URL. */
const logs = { rekor: '/tiles/rekor', 'rekor-v2': '/api/v2', ctlog: '/tiles/ctlog' } as const;
type LogName = keyof typeof logs;
/** That of Rekor v1 ends with the number of its tree. */
const origins: Readonly<Record<LogName, RegExp>> = {
  rekor: /^[^\s/]+ - \d+$/,
  'rekor-v2': /^[^\s/]+$/,
  ctlog: /^[^\s/]+\/ctlog$/,
};

export interface AuditOptions {
  /** Trees of an earlier audit, by the logs’ origins. */
  readonly seen: Readonly<Record<string, SeenTree>>;
  readonly signal?: AbortSignal;
}

/**
 * Audits the logs in a data directory, also while a server uses it: the published tiles, and that the journals hold
 * the same entries. The keys are those of the trusted root in the directory.
 *
 * @throws Error of the file system, TRUSTED_ROOT_INVALID, NOTE_INVALID
 */
export async function auditDirectory(directory: string, { seen }: AuditOptions): Promise<LogAudit[]> {
  const trustedRoot = readFileSync(join(directory, 'trusted_root.json'));
  const audits: LogAudit[] = [];
  for (const name of Object.keys(logs) as LogName[]) {
    const own = join(directory, name);
    // Not yet there where an older version served the directory.
    if (!isPublished(own)) continue;
    const source = withFirstCheckpoint(tilesInDirectory(own));
    // The checkpoint is read before the journal, which can only have more.
    await source.read('checkpoint');
    const leaves: Uint8Array[] = [];
    Journal.scan(join(own, 'journal'), (record) => leaves.push(leafHash(decodeEntry(record).leaf)));
    audits.push(await auditLog({ name, source, ...trustedLogs(trustedRoot, name), seen, leaves }));
  }
  return audits;
}

/**
 * Audits the logs of a running server over HTTP, believing the keys of `trustedRoot` only.
 *
 * @throws SIGSTORE_LOG_UNREACHABLE, TRUSTED_ROOT_INVALID, NOTE_INVALID
 */
export async function auditUrl(
  url: string,
  trustedRoot: Uint8Array,
  { seen, signal }: AuditOptions,
): Promise<LogAudit[]> {
  const audits: LogAudit[] = [];
  for (const name of Object.keys(logs) as LogName[]) {
    const source = tilesBelow(`${url}${logs[name]}`, signal);
    audits.push(await auditLog({ name, source, ...trustedLogs(trustedRoot, name), seen }));
  }
  return audits;
}

/** A trusted root does not say which of its logs is which: their origins do, in what they sign. */
function trustedLogs(trustedRoot: Uint8Array, name: LogName) {
  const { logs, certificateLogs } = parseTrustedRoot(trustedRoot);
  return { trusted: name === 'ctlog' ? certificateLogs : logs, origin: origins[name] };
}

/** A server that runs replaces its checkpoint: the audit is of one. */
function withFirstCheckpoint(source: TileSource): TileSource {
  let checkpoint: Promise<Uint8Array> | undefined;
  return {
    read(path) {
      if (path !== 'checkpoint') return source.read(path);
      checkpoint ??= source.read(path);
      return checkpoint;
    },
  };
}
