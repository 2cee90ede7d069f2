import type { RequiredPolicy } from '../../types.ts';
import type { CipPolicy, ClusterImagePolicy } from './schema.ts';

/** What `spec.policy` is given to see: the authorities that may count, under their `names` in it, and what it includes. */
export function requiredPolicy(
  { metadata, spec }: ClusterImagePolicy,
  policy: CipPolicy,
  names: readonly string[],
): RequiredPolicy {
  const { fetchConfigFile, includeSpec, includeObjectMeta, includeTypeMeta } = policy;
  const parts = [
    ['config', fetchConfigFile],
    ['spec', includeSpec],
    ['metadata', includeObjectMeta],
    ['typemeta', includeTypeMeta],
  ] as const;
  return {
    name: metadata.name,
    authorities: Object.fromEntries(
      spec.authorities.flatMap(({ static: fixed, attestations }, index) => {
        if (fixed?.action === 'fail') return [];
        const own = attestations.map(({ name, predicateType }) => ({ name, predicateType }));
        const name = fixed === undefined ? `${metadata.name}/${names[index]}` : null;
        return [[names[index]!, { name, attestations: own }] as const];
      }),
    ),
    include: parts.flatMap(([part, included]) => (included === true ? [part] : [])),
  };
}
