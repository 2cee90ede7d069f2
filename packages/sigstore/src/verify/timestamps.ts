import { parseTimestampResponse, verifyTimestampToken } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { describeWindow, isWithin, type TimestampAuthority, type Trust } from '../trust/trust.ts';
import type { CheckList } from './check-list.ts';

/** A trusted authority saw the signature at this moment. */
export interface Stamped {
  readonly authority: TimestampAuthority;
  readonly time: Date;
}

/**
 * Verifies RFC 3161 timestamps over `data`, the signature's bytes. Where no authority is trusted they are not read. Timestamps
 * by unknown authorities are passed over; one that names a trusted authority must be good. Each authority counts once.
 *
 * @throws TIMESTAMP_INVALID, TIMESTAMP_REQUIRED
 */
export function checkTimestamps(
  timestamps: () => readonly Uint8Array[],
  data: Uint8Array,
  trust: Trust,
  list: CheckList,
): readonly Stamped[] {
  const authorities = trust.timestampAuthorities ?? [];
  const threshold = trust.thresholds?.timestamps ?? 0;
  if (authorities.length === 0 && threshold === 0) return [];
  return list.run(
    'timestamps',
    () => verifyTimestamps(timestamps(), data, authorities, threshold),
    (stamped) =>
      stamped.map(({ authority, time }) => `${time.toISOString()} by ${authority.uri}`).join(', ') ||
      'none by a trusted authority',
  );
}

function verifyTimestamps(
  timestamps: readonly Uint8Array[],
  data: Uint8Array,
  authorities: readonly TimestampAuthority[],
  threshold: number,
): readonly Stamped[] {
  const stamped = timestamps.flatMap((bytes) => verifyOne(bytes, data, authorities));
  const distinct = new Set(stamped.map(({ authority }) => authority)).size;
  if (distinct < threshold) {
    throw sigstoreErrors.error('TIMESTAMP_REQUIRED', {
      message: 'the signature has too few timestamps of trusted authorities',
      expected: `at least ${threshold}`,
      found: String(distinct),
    });
  }
  return stamped;
}

/** The stamp of the first authority it is good for, or none when it is by nobody that is known. */
function verifyOne(
  bytes: Uint8Array,
  data: Uint8Array,
  authorities: readonly TimestampAuthority[],
): readonly Stamped[] {
  const token = parseTimestampResponse(bytes);
  let problem: string | null = null;
  for (const authority of authorities) {
    const result = verifyTimestampToken(token, data, authority);
    if (!result.ok) {
      if (!result.unknown) problem ??= result.problem;
    } else if (isWithin(result.time, authority)) {
      return [{ authority, time: result.time }];
    } else {
      problem ??= `its authority is trusted ${describeWindow(authority)}, not at ${result.time.toISOString()}`;
    }
  }
  if (problem === null) return [];
  throw sigstoreErrors.error('TIMESTAMP_INVALID', {
    message: `a timestamp of a trusted authority cannot be used: ${problem}`,
  });
}
