import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { mapPool } from '@pratique/oci';
import type { CheckOptions, Decision, Gate } from '@pratique/policy';
import { pluralOf } from '../objects/kinds.ts';
import { type AdmissionRequest, parseRequest } from '../review/parse.ts';
import { reviewRequest } from '../review/review.ts';
import { type ManifestObject, type ManifestSource, parseManifests } from './parse.ts';

export interface ReviewManifestsOptions extends CheckOptions {
  /** For objects that name none. Default `default`. */
  readonly namespace?: string;
}

/** Objects decided about at the same time: each asks for several images at once. */
const concurrency = 4;

/** The decision about one object of a manifest. */
export interface ManifestReview {
  /** Where the object begins: `deploy.yaml`, line 12. */
  readonly file: string;
  readonly line: number;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string | null;
  readonly decision: Decision;
}

/**
 * What the webhook would decide if the objects in these files were created now, in their order. `deadlineMs` is for
 * each object.
 *
 * @throws MANIFEST_INVALID when a file cannot be read as manifests, before anything is decided
 */
export async function reviewManifests(
  sources: readonly ManifestSource[],
  gate: Gate,
  options: ReviewManifestsOptions = {},
): Promise<readonly ManifestReview[]> {
  const { namespace = 'default', ...check } = options;
  const objects = sources.flatMap(parseManifests);
  return await mapPool(objects, concurrency, async (manifest) => {
    const { decision } = await reviewRequest(gate, requestFor(manifest, namespace), check);
    const { file, line, apiVersion, kind } = manifest;
    const { subject } = decision;
    return {
      file,
      line,
      apiVersion,
      kind,
      namespace: subject.namespace ?? namespace,
      name: subject.name,
      decision,
    };
  });
}

/** The request the API server would send for creating the object. */
function requestFor({ object, apiVersion, kind }: ManifestObject, namespace: string): AdmissionRequest {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const metadata: JsonObject = isJsonObject(object.metadata) ? object.metadata : {};
  const resource = { group, version, resource: pluralOf(kind) };
  return parseRequest({
    uid: randomUUID(),
    kind: { group, version, kind },
    resource,
    requestKind: { group, version, kind },
    requestResource: resource,
    name: typeof metadata.name === 'string' ? metadata.name : '',
    namespace: typeof metadata.namespace === 'string' ? metadata.namespace : namespace,
    operation: 'CREATE',
    userInfo: {},
    object,
    oldObject: null,
    dryRun: true,
    options: null,
  });
}
