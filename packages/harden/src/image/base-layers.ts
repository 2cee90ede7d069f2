import { printable } from '@pratique/errors';
import type { ImageConfig } from '@pratique/inspect';
import { type ImageManifest, type Layer, mediaTypes, type Repository } from '@pratique/oci';
import { hardenErrors } from '../errors.ts';

const ociTypes: Readonly<Record<string, string>> = {
  [mediaTypes.dockerLayer]: mediaTypes.ociLayer,
  [mediaTypes.dockerLayerGzip]: mediaTypes.ociLayerGzip,
};
const known: readonly string[] = [mediaTypes.ociLayer, mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd];

/** The layers of a base as they are, to be pushed beneath a new one. @throws HARDEN_LAYERS_UNUSABLE */
export function baseLayers(
  repository: Repository,
  { layers }: ImageManifest,
  { diffIds }: ImageConfig,
  signal: AbortSignal,
): readonly Layer[] {
  return layers.map(({ mediaType, digest, size }, index): Layer => {
    const type = ociTypes[mediaType] ?? mediaType;
    if (!known.includes(type)) {
      throw hardenErrors.error('HARDEN_LAYERS_UNUSABLE', {
        message: `a layer of the base cannot be kept as it is: ${digest}`,
        expected: known.join(', '),
        found: printable(mediaType),
      });
    }
    const bytes = async function* () {
      yield* await repository.openBlob({ digest, size }, { signal });
    };
    return {
      descriptor: { mediaType: type, digest, size },
      diffId: diffIds[index]!,
      open: () => ReadableStream.from(bytes()),
    };
  });
}
