import { anonymous } from '../auth/keychain.ts';
import type { RegistryOptions } from '../registry/client.ts';

/** A client that looks at nothing outside the test and does not wait long between tries. */
export const quick: RegistryOptions = {
  keychain: anonymous,
  environment: {},
  retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 40, settleMs: 1 },
};

/** One that gives up after fractions of a second, for tests in which giving up is the right outcome. */
export const impatient: RegistryOptions = {
  ...quick,
  limits: { connectMs: 2000, inactivityMs: 150, minBytesPerSecond: 10_000, rateWindowMs: 60 },
};
