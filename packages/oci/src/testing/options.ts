import { anonymous } from '../auth/keychain.ts';
import type { RegistryOptions } from '../registry/client.ts';

/** A client that gives up after fractions of a second and looks at nothing outside the test. */
export const quick: RegistryOptions = {
  keychain: anonymous,
  environment: {},
  limits: { connectMs: 2000, inactivityMs: 150, minBytesPerSecond: 10_000, rateWindowMs: 60 },
  retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 40 },
};
