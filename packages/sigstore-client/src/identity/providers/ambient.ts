import { sigstoreClientErrors } from '../../errors.ts';
import { buildkiteAgent } from './buildkite-agent.ts';
import { filesystem } from './filesystem.ts';
import { githubActions } from './github-actions.ts';
import { googleImpersonate, googleWorkloadIdentity } from './google.ts';
import type { IdentityProvider, LocalSurroundings, Surroundings } from './provider.ts';
import { spiffe } from './spiffe.ts';

/** All that are known, in the order they are looked for. */
const providers: readonly IdentityProvider[] = [
  githubActions,
  buildkiteAgent,
  filesystem,
  spiffe,
  googleImpersonate,
  googleWorkloadIdentity,
];

/** What `--oidc-provider` may name; `google` stands for either of Google's. */
export const identityProviderNames: readonly string[] = [...providers.map(({ name }) => name), 'google'];

/** Whether a provider, named as `--oidc-provider` has it, is offered here. Asks nobody. */
export function providersOffered(surroundings: LocalSurroundings): ReadonlyMap<string, boolean> {
  return new Map(providers.map((provider) => [provider.name, provider.isOffered(surroundings)]));
}

/**
 * The provider of this name; without a name the first one that the surroundings offer, or null.
 *
 * @throws IDENTITY_PROVIDER_FAILED for one that is named and not offered here
 */
export function ambientProvider(surroundings: Surroundings, name?: string): IdentityProvider | null {
  const candidates =
    name === undefined
      ? providers
      : providers.filter((one) => one.name === name || (name === 'google' && one.name.startsWith('google-')));
  const found = candidates.find((one) => one.isOffered(surroundings)) ?? null;
  if (found !== null || name === undefined) return found;
  throw sigstoreClientErrors.error('IDENTITY_PROVIDER_FAILED', {
    message: `the provider of identity tokens that was named is not here: ${name}`,
    expected: identityProviderNames.join(', '),
  });
}
