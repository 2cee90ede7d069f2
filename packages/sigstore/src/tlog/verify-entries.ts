import type { Cosignature, WitnessPolicy } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import { describeWindow, isWithin, type TransparencyLog, type Window } from '../trust/trust.ts';
import { requireWitnesses, verifyCheckpoint, verifyCheckpointV2 } from './checkpoint.ts';
import { checkDsse, checkFirstIntoto, checkIntoto } from './dsse.ts';
import { invalidEntry, parseEntryBody } from './entry-body.ts';
import { checkHashedRekord, checkHashedRekordV2 } from './hashedrekord.ts';
import { verifyInclusion } from './merkle.ts';
import { verifyPromise } from './set.ts';
import type { SignedContent } from './signed-content.ts';

/** A signature is proven to be in this log. */
export interface Logged {
  readonly log: TransparencyLog;
  readonly index: string;
  /** When the log says it was added: only with a verified promise. */
  readonly time: Date | null;
  /** Who cosigned its checkpoint, of those that were asked for, and when. */
  readonly witnesses: readonly Cosignature[];
}

export interface LogRequirements {
  readonly threshold: number;
  readonly witnesses?: WitnessPolicy;
}

/**
 * Proves that a signature is in at least `threshold` distinct logs of those trusted; one entry of each. Entries of
 * unknown logs are passed over; every entry of a trusted log must verify completely: promise and inclusion proof where
 * present, at least one of them, the checkpoint, the log key's validity, and that the entry is about this very
 * signature, payload and key; where witnesses are asked for, also that enough of them cosigned the checkpoint.
 *
 * @throws LOG_ENTRY_REQUIRED, LOG_NOT_TRUSTED, LOG_ENTRY_DUPLICATE, LOG_THRESHOLD, LOG_WITNESSES_MISSING, and what the single checks throw
 */
export function verifyLogEntries(
  entries: readonly LogEntry[],
  content: SignedContent,
  logs: readonly TransparencyLog[],
  { threshold, witnesses }: LogRequirements,
): readonly [Logged, ...Logged[]] {
  if (entries.length === 0) {
    throw sigstoreErrors.error('LOG_ENTRY_REQUIRED', {
      message: 'the signature is in no transparency log',
      expected: logs.map((log) => log.baseUrl || log.id).join(', '),
      found: 'no log entry',
    });
  }
  const seen = new Set(entries.map((entry) => `${entry.logId} ${entry.logIndex}`));
  if (seen.size !== entries.length) {
    throw sigstoreErrors.error('LOG_ENTRY_DUPLICATE', { message: 'the same log entry is given twice' });
  }
  const proven = entries.flatMap((entry) => {
    const log = logs.find((candidate) => candidate.id === entry.logId);
    return log === undefined ? [] : [verifyEntry(entry, content, log, witnesses)];
  });
  // Two entries of one log are one witness (CVE-2026-49834).
  const distinct = [...new Map(proven.map((logged) => [logged.log.id, logged])).values()];
  const [first, ...others] = distinct;
  if (first === undefined) {
    throw sigstoreErrors.error('LOG_NOT_TRUSTED', {
      message: 'the signature is in no log that is trusted',
      expected: logs.map((log) => log.id).join(', '),
      found: entries.map((entry) => entry.logId).join(', '),
    });
  }
  if (distinct.length < threshold) {
    throw sigstoreErrors.error('LOG_THRESHOLD', {
      message: 'the signature is in too few of the logs that are trusted',
      expected: `at least ${threshold}`,
      found: String(distinct.length),
    });
  }
  return [first, ...others];
}

/** Throws LOG_OUTSIDE_VALIDITY unless the log's key is trusted for `time`. */
export function checkLogValidity(log: Window, time: Date): void {
  if (isWithin(time, log)) return;
  throw sigstoreErrors.error('LOG_OUTSIDE_VALIDITY', {
    message: 'the log’s key was not valid when the entry was made',
    expected: describeWindow(log),
    found: time.toISOString(),
  });
}

/**
 * Checks the validity of a log's key for an entry without a promise, and so without a time of its own: at the times that
 * others prove it existed. Where nobody does, the key must have begun to be valid by `now`. That it was not over is then
 * not known; other clients do not ask either, and every entry of a log that was replaced would be lost.
 *
 * @throws LOG_OUTSIDE_VALIDITY
 */
export function checkUntimedEntry(log: TransparencyLog, proven: readonly Date[], now: Date): void {
  for (const time of proven) checkLogValidity(log, time);
  if (proven.length === 0) checkLogValidity({ validFrom: log.validFrom }, now);
}

function verifyEntry(
  entry: LogEntry,
  content: SignedContent,
  log: TransparencyLog,
  policy: WitnessPolicy | undefined,
): Logged {
  if (entry.promise === null && entry.proof === null) throw invalidEntry('it has neither promise nor proof');
  const { kind, version, spec } = parseEntryBody(entry);
  const time = entry.promise === null ? null : verifyPromise(entry, entry.promise, log.key);
  const kindVersion = `${kind} ${version}`;
  if (entry.proof !== null) verifyInclusion(entry.body, entry.proof);
  if (kindVersion === 'hashedrekord 0.0.2') {
    if (entry.proof === null) throw invalidEntry('it has no inclusion proof, which Rekor v2 always gives');
    // Nothing else vouches for the index outside of the proof, and there is only one tree.
    if (entry.proof.logIndex !== entry.logIndex) throw invalidEntry('it names two different indexes');
    verifyCheckpointV2(entry.proof, log);
  } else if (entry.proof !== null) {
    verifyCheckpoint(entry.proof, log);
  }
  if (time !== null) checkLogValidity(log, time);
  const witnesses = policy === undefined ? [] : requireWitnesses(entry.proof, policy);
  switch (kindVersion) {
    case 'hashedrekord 0.0.1':
      checkHashedRekord(spec, content);
      break;
    case 'hashedrekord 0.0.2':
      checkHashedRekordV2(spec, content);
      break;
    case 'dsse 0.0.1':
      checkDsse(spec, content);
      break;
    case 'intoto 0.0.1':
      checkFirstIntoto(spec, content);
      break;
    case 'intoto 0.0.2':
      checkIntoto(spec, content);
      break;
    default:
      throw invalidEntry(`entries of kind ${printable(kindVersion)} are not read`);
  }
  return { log, index: String(entry.logIndex), time, witnesses };
}
