import { encodeBase64, type PublicKey, verifySignature } from '@pratique/crypto';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';

const encoder = new TextEncoder();

/**
 * Verifies a signed entry timestamp (Rekor v1 "SET"): the log's signature over the canonical JSON of body, integrated
 * time, log id and index. Only after this does `integratedTime` mean anything, so it is returned from here.
 *
 * @throws LOG_PROMISE_INVALID
 */
export function verifyPromise(entry: LogEntry, promise: Uint8Array, key: PublicKey): Date {
  const { integratedTime } = entry;
  // Numbers beyond 2⁵³ have no exact form in JSON; a year beyond 9999 is no time at all.
  if (
    integratedTime === null ||
    integratedTime > 253_402_300_799n ||
    entry.logIndex > BigInt(Number.MAX_SAFE_INTEGER)
  ) {
    throw sigstoreErrors.error('LOG_PROMISE_INVALID', {
      message: 'the log entry has a promise but no usable time or index',
      found:
        integratedTime === null
          ? 'no integratedTime'
          : `integratedTime ${integratedTime}, index ${entry.logIndex}`,
    });
  }
  // Canonical by construction: the members in order, base64 and hexadecimal need no escape, whole numbers are digits.
  const signed =
    `{"body":"${encodeBase64(entry.body)}","integratedTime":${integratedTime},` +
    `"logID":"${entry.logId}","logIndex":${entry.logIndex}}`;
  if (verifySignature(key, encoder.encode(signed), promise) === null) {
    throw sigstoreErrors.error('LOG_PROMISE_INVALID', {
      message: 'the log did not sign the entry’s timestamp',
    });
  }
  return new Date(Number(integratedTime) * 1000);
}
