import type { PratiqueError } from '@pratique/errors';
import { sigstoreClientErrors } from '../../errors.ts';
import type { Services } from '../../http/services.ts';

/** What a provider finds where the program runs. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file's bytes; null where there is none that can be read. */
  readonly readFile: (path: string) => Uint8Array | null;
  readonly exists: (path: string) => boolean;
  readonly services: Services;
  readonly signal?: AbortSignal | undefined;
}

/** What tells whether a provider is there. */
export type LocalSurroundings = Pick<Surroundings, 'env' | 'readFile' | 'exists'>;

/** A place that gives workloads identity tokens without anybody logging in. */
export interface IdentityProvider {
  /** As `--oidc-provider` has it. */
  readonly name: string;
  /** True where the surroundings look like its own. Asks nobody. */
  isOffered(surroundings: LocalSurroundings): boolean;
  /** @throws IDENTITY_PROVIDER_FAILED, SIGNING_SERVICE_UNREACHABLE */
  request(surroundings: Surroundings, audience: string): Promise<string>;
}

/** The fault for a provider that is there and gives no token. */
export function providerFailed(name: string, problem: string, found?: string): PratiqueError {
  return sigstoreClientErrors.error('IDENTITY_PROVIDER_FAILED', {
    message: `${name} gave no identity token: ${problem}`,
    found,
  });
}
