import { encodeBase64, formatPem } from '@pratique/crypto';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames } from '../media-types.ts';
import type { Signed } from './signer.ts';

/** What Cosign's tag-based formats say in a layer's annotations about a signature's maker, log entry and time. */
export function formatAnnotations(signed: Signed): Record<string, string> {
  const { certificate, logEntries, timestamps } = signed;
  const [entry] = logEntries;
  const [timestamp] = timestamps;
  return {
    // An envelope has its signature inside.
    [annotationNames.signature]: signed.content.form === 'message' ? encodeBase64(signed.signature) : '',
    ...(certificate === null
      ? {}
      : {
          [annotationNames.certificate]: formatPem('CERTIFICATE', certificate.leaf),
          [annotationNames.chain]: certificate.issuers.map((der) => formatPem('CERTIFICATE', der)).join(''),
        }),
    ...(entry === undefined ? {} : { [annotationNames.bundle]: formatLogAnnotation(entry) }),
    ...(timestamp === undefined
      ? {}
      : {
          [annotationNames.timestamp]: JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(timestamp) }),
        }),
  };
}

/**
 * What Cosign writes about a log entry beside a signature: `{SignedEntryTimestamp, Payload}`.
 *
 * @throws SIGNING_FORMAT_UNSUPPORTED where the log gives no promise, without which the format proves nothing
 */
export function formatLogAnnotation({ promise, integratedTime, logIndex, logId, body }: LogEntry): string {
  if (promise === null || integratedTime === null) {
    throw sigstoreErrors.error('SIGNING_FORMAT_UNSUPPORTED', {
      message: 'the tag-based format can hold entries of Rekor v1 only, and the log is Rekor v2',
      expected: 'a signed entry timestamp',
      found: 'an inclusion proof alone',
    });
  }
  return JSON.stringify({
    SignedEntryTimestamp: encodeBase64(promise),
    Payload: {
      body: encodeBase64(body),
      integratedTime: Number(integratedTime),
      logIndex: Number(logIndex),
      logID: logId,
    },
  });
}
