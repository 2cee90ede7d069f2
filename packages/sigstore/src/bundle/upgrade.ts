import { equalBytes } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { formatAsCurrent } from '../sign/bundle.ts';
import type { Bundle, LogEntry } from './bundle.ts';
import { parseBundle } from './parse.ts';

/** Asks a log for an entry with its inclusion proof and checkpoint. */
export type FetchEntry = (logIndex: bigint) => Promise<LogEntry>;

/**
 * Brings a bundle to version 0.3: without its certificate chain, and with proofs in place of bare promises. The bundle
 * is not verified, but what the log answers must be the very entry that the bundle had.
 *
 * @throws BUNDLE_INVALID, BUNDLE_VERSION_UNSUPPORTED, LOG_ENTRY_MISMATCH, and what `fetchEntry` throws
 */
export async function upgradeBundle(bytes: Uint8Array, fetchEntry: FetchEntry): Promise<Uint8Array> {
  const bundle = parseBundle(bytes);
  return bundle.version === '0.3' ? bytes : await assembleBundle(bundle, fetchEntry);
}

/** The same for a bundle that is put together from parts. */
export async function assembleBundle(
  parts: Omit<Bundle, 'version'>,
  fetchEntry: FetchEntry,
): Promise<Uint8Array> {
  const logEntries: LogEntry[] = [];
  for (const entry of parts.logEntries) {
    const proven = entry.proof !== null && entry.proof.checkpoint !== '';
    logEntries.push(proven ? entry : await withProof(entry, fetchEntry));
  }
  const bytes = formatAsCurrent({ ...parts, logEntries });
  parseBundle(bytes);
  return bytes;
}

/** The promise stays: it says when, which the proof does not. */
async function withProof(entry: LogEntry, fetchEntry: FetchEntry): Promise<LogEntry> {
  const fetched = await fetchEntry(entry.logIndex);
  if (fetched.logId !== entry.logId || !equalBytes(fetched.body, entry.body)) {
    throw sigstoreErrors.error('LOG_ENTRY_MISMATCH', {
      message: 'the log has another entry there than the one in the bundle',
      expected: `the entry ${entry.logIndex} of the log ${entry.logId}`,
      found: `another one of the log ${fetched.logId}`,
    });
  }
  return { ...entry, kindVersion: fetched.kindVersion, proof: fetched.proof };
}
