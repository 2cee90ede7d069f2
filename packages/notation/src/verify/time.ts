import {
  type Certificate,
  parseCertificate,
  parseTimestampToken,
  type TimestampToken,
  verifyTimestampToken,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { chainProblem } from '../certificate/chain.ts';
import type { Envelope } from '../envelope/envelope.ts';
import { notationErrors } from '../errors.ts';
import { describeSubject } from '../trust/distinguished-name.ts';
import type { TrustStatement } from '../trust/statement.ts';
import type { Chain } from './integrity.ts';
import { checkRevocation } from './revocation.ts';

/**
 * When the signature was made, as far as it is proven; null where it is not, and every certificate is valid at `now`
 * (trust-store-trust-policy.md, "Authentic Timestamp").
 *
 * @throws NOTATION_CERTIFICATE_EXPIRED, NOTATION_TIMESTAMP_MISSING, NOTATION_TIMESTAMP_INVALID, NOTATION_REVOCATION_UNCHECKED
 */
export function checkTime(
  envelope: Envelope,
  chain: Chain,
  statement: TrustStatement,
  now: Date,
): Date | null {
  if (envelope.scheme === 'notary.x509.signingAuthority') {
    checkValid(chain, envelope.signingTime, envelope.signingTime, 'when it was signed');
    return envelope.signingTime;
  }
  if (!needsTimestamp(chain, statement, now)) {
    checkValid(chain, now, now, 'now');
    return null;
  }
  const { time, accuracyMs } = checkTimestamp(envelope, statement);
  const [earliest, latest] = [time.getTime() - accuracyMs, time.getTime() + accuracyMs];
  checkValid(chain, new Date(earliest), new Date(latest), 'when its timestamp was made');
  return time;
}

function needsTimestamp(chain: Chain, { stores, verifyTimestamp }: TrustStatement, now: Date): boolean {
  if (stores.tsa.length === 0) return false;
  return verifyTimestamp === 'always' || chain.some(({ validUntil }) => now > validUntil);
}

function checkTimestamp(envelope: Envelope, statement: TrustStatement): TimestampToken {
  if (envelope.timestamp === null) {
    throw notationErrors.error('NOTATION_TIMESTAMP_MISSING', {
      message: 'the signature has no timestamp',
      expected: 'a timestamp by an authority of the trust store tsa',
      found: 'none',
    });
  }
  const { token, path } = verifiedTimestamp(envelope.timestamp, envelope.signature, statement.stores.tsa);
  if (statement.level.actions.revocation === 'enforce') checkRevocation(path, 'the timestamp');
  return token;
}

/**
 * A timestamp token about `signature`, by an authority below one of `roots`, with the authority's chain.
 *
 * @throws NOTATION_TIMESTAMP_INVALID
 */
export function verifiedTimestamp(
  bytes: Uint8Array,
  signature: Uint8Array,
  roots: readonly Certificate[],
): { readonly token: TimestampToken; readonly path: readonly Certificate[] } {
  let token: TimestampToken;
  try {
    token = parseTimestampToken(bytes);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  const authority = { leaf: null, anchors: roots, intermediates: readable(token) };
  const result = verifyTimestampToken(token, signature, authority);
  if (!result.ok) throw invalid(`the timestamp cannot be used: ${result.problem}`);
  const problem = chainProblem(result.path, 'timestamping');
  if (problem !== null) throw invalid(`the chain of the timestamp cannot be used: ${problem}`);
  return { token, path: result.path };
}

/** What came along and is no certificate, or of a key that is not accepted, is no part of a chain. */
function readable({ certificates }: TimestampToken): readonly Certificate[] {
  return certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (!(error instanceof PratiqueError)) throw error;
      return [];
    }
  });
}

function checkValid(chain: Chain, earliest: Date, latest: Date, when: string): void {
  const invalidOne = chain.find(({ validFrom, validUntil }) => earliest < validFrom || latest > validUntil);
  if (invalidOne === undefined) return;
  const { validFrom, validUntil } = invalidOne;
  throw notationErrors.error('NOTATION_CERTIFICATE_EXPIRED', {
    message: `the certificate of ${describeSubject(invalidOne)} is not valid ${when}`,
    expected: `a time from ${validFrom.toISOString()} to ${validUntil.toISOString()}`,
    found: earliest.toISOString(),
  });
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_TIMESTAMP_INVALID', { message });
}
