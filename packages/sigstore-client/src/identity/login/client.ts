import type { PratiqueError } from '@pratique/errors';
import { sigstoreClientErrors } from '../../errors.ts';
import type { Services } from '../../http/services.ts';

/** Who logs somebody in: an OAuth client that is registered with the issuer. */
export interface LoginClient {
  readonly services: Services;
  readonly issuer: string;
  readonly clientId: string;
  /** Most command line clients are public and have none. */
  readonly clientSecret: string | null;
  /** Tells the person what to do. */
  readonly say: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export const scope = 'openid email';

export function loginFailed(problem: string, found?: string, remedy?: string): PratiqueError {
  return sigstoreClientErrors.error('LOGIN_FAILED', { message: `not logged in: ${problem}`, found, remedy });
}
