/** distribution-spec "Listing Tags" and "Listing Referrers" (end-8, end-12), and the historical catalogue. */
import { mediaTypes } from '@pratique/oci';
import { ApiError } from '../api-error.ts';
import { inspectManifest } from '../manifest/inspect.ts';
import { type Exchange, parseDigestParameter, sendJson } from '../server/exchange.ts';
import { firstAfter, pageOf } from '../server/page.ts';
import type { Service } from '../server/service.ts';
import { type Referrer, referrerJson } from '../store/referrers.ts';
import type { RepositoryStore } from '../store/repository.ts';

/** Clients read a referrers page as they read a manifest, so it is kept to a manifest's size. */
const referrersPageBytes = 4 * 1024 * 1024;

export async function listTags(service: Service, exchange: Exchange): Promise<void> {
  const { name, query } = exchange;
  const repository = await service.store.find(name);
  if (repository === undefined)
    throw new ApiError(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const { items, link } = pageOf(repository.tags(), query, `/v2/${name}/tags/list`);
  sendJson(exchange, 200, { name, tags: items }, link === undefined ? {} : { Link: link });
}

export async function listRepositories(
  service: Service,
  exchange: Pick<Exchange, 'outgoing' | 'query' | 'mayPull'>,
): Promise<void> {
  const { items, link } = pageOf(service.store.names(), exchange.query, '/v2/_catalog');
  sendJson(exchange, 200, { repositories: items }, link === undefined ? {} : { Link: link });
}

/** Always an index, empty when nobody refers to the digest, whether or not the digest is here. */
export async function listReferrers(service: Service, exchange: Exchange): Promise<void> {
  const digest = parseDigestParameter(exchange.reference);
  const artifactType = exchange.query.get('artifactType');
  const last = exchange.query.get('last') ?? '';
  const repository = await service.store.find(exchange.name);
  const descriptors: string[] = [];
  let bytes = 0;
  let link: string | undefined;
  const referrers = repository?.referrers(digest) ?? [];
  for (let at = firstAfter(referrers, last, (one) => one.digest); at < referrers.length; at++) {
    const referrer = referrers[at]!;
    if (artifactType !== null && referrer.artifactType !== artifactType) continue;
    const json = referrer.json ?? describe(service, repository!, referrer);
    bytes += Buffer.byteLength(json);
    if (bytes > referrersPageBytes && descriptors.length > 0) {
      link = nextPage(exchange, descriptors.at(-1)!, artifactType);
      break;
    }
    descriptors.push(json);
  }
  const body = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[${descriptors.join(',')}]}`;
  sendJson(exchange, 200, body, {
    'Content-Type': mediaTypes.ociIndex,
    ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...(link === undefined ? {} : { Link: link }),
  });
}

function describe(service: Service, repository: RepositoryStore, referrer: Referrer): string {
  const manifest = repository.manifests.get(referrer.digest)!;
  const bytes = service.store.manifestBytes(repository, referrer.digest);
  return referrerJson(manifest, inspectManifest(bytes, manifest.mediaType));
}

function nextPage(exchange: Exchange, lastDescriptor: string, artifactType: string | null): string {
  const { digest } = JSON.parse(lastDescriptor) as { readonly digest: string };
  const query = new URLSearchParams({ last: digest, ...(artifactType === null ? {} : { artifactType }) });
  return `</v2/${exchange.name}/referrers/${exchange.reference}?${query}>; rel="next"`;
}
