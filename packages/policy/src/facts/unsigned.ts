import { type BuiltImage, parseConfigDocument, parseManifest, type Reference } from '@pratique/oci';
import type { Trust } from '../trust/types.ts';
import type { ImageFacts } from '../types.ts';
import { buildFacts } from './build.ts';
import { parseConfig } from './config.ts';

/** Something that will be attested, once policies agree. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * Facts about an image that was built here and is not signed yet, so that policies can say no before anything is: what
 * will be attested stands where verified attestations do, by a signer who says so. Nothing is required of the image, so
 * that all of it counts. Ages are counted from `now`.
 */
export function unsignedFacts(
  trust: Trust,
  reference: Reference,
  { descriptor, manifest, config }: BuiltImage,
  statements: readonly Statement[],
  now: Date,
): ImageFacts {
  return buildFacts(trust, {
    reference,
    manifest: { descriptor, bytes: manifest, manifest: parseManifest(manifest, descriptor.mediaType) },
    config: parseConfig(parseConfigDocument(config.bytes)),
    requirements: [],
    now,
    verification: {
      signatures: [],
      rejected: [],
      attestations: statements.map(({ predicateType, predicate }) => ({
        format: 'sigstore-bundle',
        source: { format: 'sigstore-bundle', manifest: descriptor.digest },
        signer: { kind: 'identity', subject: 'not signed yet', issuer: '', extensions: {} },
        authorities: [],
        annotations: {},
        signedAt: null,
        log: null,
        checks: [{ name: 'signature', ok: null, detail: 'not signed yet' }],
        payload: predicate,
        predicateType,
        // As whoever verifies it will read it.
        predicate: JSON.parse(JSON.stringify(predicate)),
      })),
    },
  });
}
