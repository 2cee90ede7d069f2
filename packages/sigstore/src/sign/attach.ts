import {
  buildImageManifest,
  type Descriptor,
  describeBytes,
  emptyDescriptor,
  emptyJson,
  type ReadOptions,
  type Repository,
} from '@pratique/oci';
import { mediaTypes } from '../media-types.ts';

/**
 * Stores a bundle as a referrer of `subject`, in the manifest Cosign 3 writes. Signers cannot disturb each other this
 * way: every bundle is a manifest of its own.
 */
export async function attachBundle(
  repository: Repository,
  subject: Descriptor,
  bundle: Uint8Array,
  predicateType: string,
  created: Date,
  options: ReadOptions,
): Promise<Descriptor> {
  const layer = describeBytes(bundle, mediaTypes.bundle);
  await Promise.all([
    repository.putBlob(emptyDescriptor, emptyJson, options),
    repository.putBlob(layer, bundle, options),
  ]);
  const manifest = buildImageManifest({
    artifactType: mediaTypes.bundle,
    layers: [layer],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      'org.opencontainers.image.created': `${created.toISOString().slice(0, 19)}Z`,
    },
  });
  return repository.putManifest(manifest.bytes, manifest.descriptor.mediaType, options);
}
