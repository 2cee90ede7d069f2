import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import { describeWindow, isWithin, type TransparencyLog } from '../trust/trust.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { checkDsse } from './dsse.ts';
import { invalidEntry, parseEntryBody, type SignedContent } from './entry-body.ts';
import { checkHashedRekord } from './hashedrekord.ts';
import { verifyInclusion } from './merkle.ts';
import { verifyPromise } from './set.ts';

/** A signature is proven to be in this log. */
export interface Logged {
  readonly id: string;
  readonly index: string;
  /** When the log says it was added: only with a verified promise. */
  readonly time: Date | null;
}

/**
 * Proves that a signature is in one of the trusted logs. Entries of unknown logs are passed over; every entry of a
 * trusted log must verify completely: promise and inclusion proof where present, at least one of them, the checkpoint,
 * the log key's validity, and that the entry is about this very signature, payload and key.
 *
 * @throws LOG_ENTRY_REQUIRED, LOG_NOT_TRUSTED, LOG_ENTRY_DUPLICATE, and what the single checks throw
 */
export function verifyLogEntries(
  entries: readonly LogEntry[],
  content: SignedContent,
  logs: readonly TransparencyLog[],
): Logged {
  if (entries.length === 0) {
    throw sigstoreErrors.error('LOG_ENTRY_REQUIRED', {
      message: 'the signature is in no transparency log',
      expected: logs.map((log) => log.baseUrl).join(', '),
      found: 'no log entry',
    });
  }
  const seen = new Set(entries.map((entry) => `${entry.logId} ${entry.logIndex}`));
  if (seen.size !== entries.length) {
    throw sigstoreErrors.error('LOG_ENTRY_DUPLICATE', { message: 'the same log entry is given twice' });
  }
  const proven = entries.flatMap((entry) => {
    const log = logs.find((candidate) => candidate.id === entry.logId);
    return log === undefined ? [] : [verifyEntry(entry, content, log)];
  });
  const [first] = proven;
  if (first === undefined) {
    throw sigstoreErrors.error('LOG_NOT_TRUSTED', {
      message: 'the signature is in no log that is trusted',
      expected: logs.map((log) => log.id).join(', '),
      found: entries.map((entry) => entry.logId).join(', '),
    });
  }
  return first;
}

function verifyEntry(entry: LogEntry, content: SignedContent, log: TransparencyLog): Logged {
  if (entry.promise === null && entry.proof === null) throw invalidEntry('it has neither promise nor proof');
  const time = entry.promise === null ? null : verifyPromise(entry, entry.promise, log.key);
  if (entry.proof !== null) {
    verifyInclusion(entry.body, entry.proof);
    verifyCheckpoint(entry.proof, log.id, log.key);
  }
  if (time !== null && !isWithin(time, log)) {
    throw sigstoreErrors.error('LOG_OUTSIDE_VALIDITY', {
      message: 'the log’s key was not valid when the entry was made',
      expected: describeWindow(log),
      found: time.toISOString(),
    });
  }
  const { kind, spec } = parseEntryBody(entry);
  if (kind === 'hashedrekord') checkHashedRekord(spec, content);
  else if (kind === 'dsse') checkDsse(spec, content);
  else throw invalidEntry('it is neither a hashedrekord nor a dsse entry');
  return { id: log.id, index: String(entry.logIndex), time };
}
