import { printable } from '@pratique/errors';
import { type FileSystem, mergeLayers, readImage } from '@pratique/inspect';
import type { Platform, Repository } from '@pratique/oci';
import { hardenErrors } from '../errors.ts';
import type { Contents } from './addition.ts';
import { type Placing, placeTree } from './place.ts';

const everything = { id: 'everything-1', keep: () => 'whole' as const };

/** Another image, opened for reading. */
export interface OpenedImage {
  /** For people. */
  readonly name: string;
  readonly repository: Repository;
  readonly version: string;
  close(): Promise<void>;
}

export interface ImageSource {
  /** Digest of a layer, as it is stored or unpacked; absent: the whole file system. */
  readonly layer?: string | undefined;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

/**
 * The file system of another image, or a part of it, as `COPY --from` does; or one of its layers, with what that takes
 * away. Every blob is checked by its digest.
 *
 * @throws HARDEN_ADD_UNUSABLE, and what reading images throws
 */
export async function addImage(
  opened: OpenedImage,
  { layer, platform, signal }: ImageSource,
  placing: Placing,
): Promise<Contents> {
  const { name, repository, version } = opened;
  const image = await readImage(repository, version, { keep: everything, platform, signal });
  const uri = `${name.replace(/@sha256:.*$/, '')}@${image.descriptor.digest}`;
  const close = () => image.fileSystem.close();
  try {
    if (layer === undefined) {
      const digest = digestSet(image.descriptor.digest);
      const entries = placeTree(image.fileSystem, placing);
      return {
        additions: [{ kind: 'image', name, uri, digest, to: placing.to }],
        entries,
        skipped: [],
        close,
      };
    }
    const found = image.fileSystem.layers.find(({ digest, diffId }) => digest === layer || diffId === layer);
    if (found === undefined) {
      throw hardenErrors.error('HARDEN_ADD_UNUSABLE', {
        message: `${printable(name, 200)} has no layer ${printable(layer, 100)}`,
        expected: image.fileSystem.layers.map(({ digest }) => digest).join(', '),
      });
    }
    const tree = alone(found);
    const away = found.entries
      .filter(({ type }) => type === 'whiteout' || type === 'opaque')
      .map((entry) => ({ ...entry, path: entry.path }));
    if (away.length > 0 && (placing.to !== '/' || (placing.from ?? '/') !== '/')) {
      throw hardenErrors.error('HARDEN_ADD_UNUSABLE', {
        message: `the layer of ${printable(name, 200)} takes files away, which has no meaning elsewhere`,
        expected: 'from: / and to: /, or an image without a layer',
      });
    }
    const entries = [...away, ...placeTree(tree, placing)];
    const digest = digestSet(layer);
    return { additions: [{ kind: 'layer', name, uri, digest, to: placing.to }], entries, skipped: [], close };
  } catch (error) {
    close();
    throw error;
  }
}

/** One layer by itself. What it links to in layers below is not there: such a link is refused. */
function alone(layer: FileSystem['layers'][number]): FileSystem {
  return mergeLayers([{ ...layer, close: () => {} }]);
}

function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm, hex] = digest.split(':');
  return { [algorithm!]: hex! };
}
