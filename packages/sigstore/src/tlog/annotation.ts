import { decodeBase64, parseJson } from '@pratique/crypto';
import type { LogEntry } from '../bundle/bundle.ts';
import { invalidEntry, object, text } from './entry-body.ts';

/**
 * Reads Cosign's `dev.sigstore.cosign/bundle` annotation: `{"SignedEntryTimestamp", "Payload": {body, integratedTime,
 * logIndex, logID}}`, an entry with a promise and no proof.
 *
 * @throws LOG_ENTRY_INVALID, ENCODING_INVALID
 */
export function parseLogAnnotation(annotation: string): LogEntry {
  const what = 'the log annotation';
  const document = object(parseJson(new TextEncoder().encode(annotation), what), what);
  const payload = object(document.Payload, `Payload of ${what}`);
  const { integratedTime, logIndex } = payload;
  const logId = text(payload.logID, 'logID');
  if (!/^[0-9a-f]{64}$/.test(logId)) throw invalidEntry('its log id is not 64 hexadecimal digits');
  if (!isCount(integratedTime) || !isCount(logIndex)) throw invalidEntry('its time or index is not a number');
  return {
    logIndex: BigInt(logIndex),
    logId,
    kindVersion: null,
    integratedTime: BigInt(integratedTime),
    promise: decodeBase64(
      text(document.SignedEntryTimestamp, 'SignedEntryTimestamp'),
      'SignedEntryTimestamp',
    ),
    proof: null,
    body: decodeBase64(text(payload.body, 'body'), 'body of the log entry'),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
