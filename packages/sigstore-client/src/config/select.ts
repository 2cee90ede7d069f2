import { sigstoreClientErrors } from '../errors.ts';
import type { ConfiguredService, ServiceSelection } from './signing-config.ts';

/**
 * The services to ask (`sigstore_trustroot.proto`, SigningConfig): of those valid at `now`, the ones of the highest API
 * version that is understood here, newest first, one of each operator; then as many as the selection says.
 *
 * @param versions major API versions that can be spoken
 * @throws SIGNING_SERVICE_MISSING when there are too few
 */
export function selectServices(
  kind: string,
  services: readonly ConfiguredService[],
  versions: readonly number[],
  { selector, count }: ServiceSelection,
  now: Date,
): readonly [ConfiguredService, ...ConfiguredService[]] {
  const usable = services
    .filter((service) => versions.includes(service.majorApiVersion) && isValid(service, now))
    .toSorted((a, b) => b.validFrom.getTime() - a.validFrom.getTime());
  const version = Math.max(...usable.map(({ majorApiVersion }) => majorApiVersion));
  const candidates = oneOfEachOperator(usable.filter(({ majorApiVersion }) => majorApiVersion === version));
  const wanted = selector === 'ALL' ? candidates.length : selector === 'ANY' ? 1 : count;
  const [first, ...others] = candidates.slice(0, wanted);
  if (first !== undefined && others.length + 1 === wanted) return [first, ...others];
  throw sigstoreClientErrors.error('SIGNING_SERVICE_MISSING', {
    message: `the signing configuration names too few services for: ${kind}`,
    expected: `${Math.max(wanted, 1)} valid now, API version ${versions.join(' or ')}`,
    found: `${candidates.length} of ${services.length}`,
  });
}

function isValid({ validFrom, validUntil }: ConfiguredService, now: Date): boolean {
  return validFrom <= now && (validUntil === null || now <= validUntil);
}

/** Services without an operator are taken to be of different ones. */
function oneOfEachOperator(services: readonly ConfiguredService[]): readonly ConfiguredService[] {
  const seen = new Set<string>();
  return services.filter(({ operator }) => {
    if (operator === '') return true;
    const isNew = !seen.has(operator);
    seen.add(operator);
    return isNew;
  });
}
