import {
  type Certificate,
  type CertificateTimestamp,
  embeddedTimestamps,
  verifyCertificateTimestamp,
  verifyDetachedTimestamp,
} from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { isWithin, type TransparencyLog } from '../trust/trust.ts';

/**
 * Checks that at least `threshold` distinct trusted logs promised to hold the certificate (RFC 6962 §3). Timestamps of
 * unknown logs, of logs not trusted at their time, and those that do not verify count for nothing.
 *
 * @param given a timestamp from beside the certificate, which must be good: it was named to be checked
 * @returns the ids of the logs
 * @throws CERTIFICATE_LOG_MISSING, CERTIFICATE_INVALID
 */
export function checkCertificateLogs(
  leaf: Certificate,
  issuer: Certificate,
  logs: readonly TransparencyLog[],
  threshold: number,
  given?: CertificateTimestamp,
): readonly string[] {
  const timestamps = embeddedTimestamps(leaf);
  const proven = new Set<string>();
  for (const timestamp of timestamps) {
    if (proven.has(timestamp.logId)) continue;
    const log = logs.find((candidate) => candidate.id === timestamp.logId);
    if (log === undefined || !isWithin(timestamp.time, log)) continue;
    if (verifyCertificateTimestamp(timestamp, leaf, issuer.publicKey, log.key)) proven.add(log.id);
  }
  if (given !== undefined) {
    const log = logs.find((candidate) => candidate.id === given.logId);
    const good =
      log !== undefined && isWithin(given.time, log) && verifyDetachedTimestamp(given, leaf, log.key);
    if (!good) throw notOfThisCertificate(given, logs);
    proven.add(log.id);
  }
  if (proven.size >= threshold) return [...proven];
  throw sigstoreErrors.error('CERTIFICATE_LOG_MISSING', {
    message: 'the signing certificate is not proven to be in a trusted certificate log',
    expected: `timestamps of at least ${threshold} of: ${logs.map((log) => log.id).join(', ') || 'none'}`,
    found: timestamps.map(({ logId }) => logId).join(', ') || 'no timestamp',
  });
}

function notOfThisCertificate({ logId }: CertificateTimestamp, logs: readonly TransparencyLog[]) {
  return sigstoreErrors.error('CERTIFICATE_LOG_MISSING', {
    message: 'the certificate timestamp that was given is not of a trusted log, about this certificate',
    expected: `a timestamp of one of: ${logs.map(({ id }) => id).join(', ') || 'none'}`,
    found: `one of ${logId}, by its own account`,
  });
}
