import { createHash } from 'node:crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { policyErrors } from '../../errors.ts';
import { invalid, type Path, placeOf } from '../problems.ts';
import { type Placed, readObjects } from './objects.ts';
import type { CipPolicy, ClusterImagePolicy } from './schema.ts';

/** Texts of policies elsewhere, by the SHA-256 that they have. */
export type FetchedPolicies = ReadonlyMap<string, string>;

/** Fetches what is at a URL, at most `maxBytes` of it. @throws POLICY_UNREACHABLE */
export type FetchPolicy = (url: URL, sha256: string, maxBytes: number) => Promise<Uint8Array>;

const maxBytes = 4 * 1024 * 1024;
const maxPolicies = 100;

/**
 * Reads the policies that ClusterImagePolicies have elsewhere (`policy.remote`). What has not the SHA-256 that is written
 * beside its URL is refused.
 *
 * @throws TRUST_INVALID, POLICY_UNREACHABLE with `file:line:column`
 */
export async function fetchPolicies(
  files: readonly { readonly name: string; readonly text: string }[],
  fetchPolicy: FetchPolicy | undefined,
): Promise<FetchedPolicies> {
  const fetched = new Map<string, string>();
  if (fetchPolicy === undefined) return fetched;
  for (const { policy, at, remote } of readObjects(files).policies.flatMap(remotePolicies)) {
    if (fetched.has(remote.sha256sum)) continue;
    if (fetched.size >= maxPolicies)
      throw invalid(policy.source, at, `more than ${maxPolicies} policies are elsewhere`);
    const bytes = await attempt(policy, at, () =>
      fetchPolicy(new URL(remote.url), remote.sha256sum, maxBytes),
    );
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== remote.sha256sum) {
      throw invalid(
        policy.source,
        [...at, 'sha256sum'],
        `what is at ${printable(remote.url)} is another text`,
        {
          expected: remote.sha256sum,
          found,
        },
      );
    }
    fetched.set(found, new TextDecoder().decode(bytes));
  }
  return fetched;
}

interface RemotePolicy {
  readonly policy: Placed<ClusterImagePolicy>;
  readonly at: Path;
  readonly remote: NonNullable<CipPolicy['remote']>;
}

function remotePolicies(policy: Placed<ClusterImagePolicy>): readonly RemotePolicy[] {
  const { authorities, policy: overall } = policy.value.spec;
  const spec: Path = [...policy.at, 'spec'];
  const of = (given: CipPolicy | undefined, at: Path): readonly RemotePolicy[] =>
    given?.remote === undefined ? [] : [{ policy, at: [...at, 'policy', 'remote'], remote: given.remote }];
  return [
    ...of(overall, spec),
    ...authorities.flatMap(({ attestations }, index) =>
      attestations.flatMap((attestation, place) =>
        of(attestation.policy, [...spec, 'authorities', index, 'attestations', place]),
      ),
    ),
  ];
}

async function attempt<T>(
  { source }: Placed<ClusterImagePolicy>,
  at: Path,
  fetch: () => Promise<T>,
): Promise<T> {
  try {
    return await fetch();
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw policyErrors.error('POLICY_UNREACHABLE', {
      message: `${placeOf(source, at, 'value')}: the policy cannot be fetched: ${cause.message}`,
      cause,
    });
  }
}
