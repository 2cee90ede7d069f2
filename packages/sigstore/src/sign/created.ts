/**
 * The time written into what is made: SOURCE_DATE_EPOCH (seconds since 1970, reproducible-builds.org) where it is set,
 * else now. A value that is not a whole number of seconds is ignored, as Cosign does.
 */
export function creationTime(environment: Readonly<Record<string, string | undefined>> = process.env): Date {
  const epoch = environment.SOURCE_DATE_EPOCH;
  return epoch !== undefined && /^\d{1,12}$/.test(epoch) ? new Date(Number(epoch) * 1000) : new Date();
}
