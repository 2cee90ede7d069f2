import { printable } from '@pratique/errors';
import { parsePlatform } from '@pratique/inspect';
import {
  type BuiltImage,
  type BuiltManifest,
  buildIndex,
  type Digest,
  type Platform,
  type Repository,
} from '@pratique/oci';
import { hardenErrors } from '../errors.ts';
import type { HardenSettings } from './settings.ts';

/** An index whose images are hardened, each for its platform. */
export interface Platforms {
  /** Of the index: asked once, so that all come from the same. */
  readonly digest: Digest;
  readonly platforms: readonly Platform[];
}

const maxPlatforms = 64;

/**
 * For which platforms images are made: those the settings name, or all the index has. Null where the settings name none:
 * one image is made.
 *
 * @throws HARDEN_PLATFORMS_UNUSABLE where the base is no index, or lacks one; INSPECT_PLATFORM_INVALID
 */
export async function choosePlatforms(
  repository: Repository,
  version: string,
  { platforms: wanted }: HardenSettings,
  signal: AbortSignal,
): Promise<Platforms | null> {
  if (wanted === undefined) return null;
  const { manifest, descriptor } = await repository.getManifest(version, { signal });
  if (manifest.kind !== 'index') {
    throw hardenErrors.error('HARDEN_PLATFORMS_UNUSABLE', {
      message: 'the base is one image and no index of images for several platforms',
      expected: 'an index',
      found: printable(manifest.mediaType),
    });
  }
  // Builders put attestations beside the images, with a platform no machine has.
  const there = manifest.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [platform],
  );
  const platforms = wanted === 'all' ? there : wanted.map(parsePlatform);
  const names = platforms.map(platformName);
  if (platforms.length === 0 || platforms.length > maxPlatforms || new Set(names).size < names.length) {
    throw hardenErrors.error('HARDEN_PLATFORMS_UNUSABLE', {
      message: `the platforms are none, more than ${maxPlatforms}, or one of them is there twice`,
      found: printable(names.join(', '), 300),
    });
  }
  return { digest: descriptor.digest, platforms };
}

/** `linux/arm64/v8` */
export function platformName({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** The index over hardened images, in the order of their platforms’ names, whatever order they were made in. */
export function hardenedIndex(
  images: readonly { readonly image: BuiltImage; readonly platform: Platform }[],
  base: { readonly name: string; readonly digest: Digest },
): BuiltManifest {
  const sorted = [...images].sort((a, b) => (platformName(a.platform) < platformName(b.platform) ? -1 : 1));
  return buildIndex({
    manifests: sorted.map(({ image, platform: { architecture, os, variant } }) => ({
      ...image.descriptor,
      platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
    })),
    annotations: {
      'org.opencontainers.image.base.digest': base.digest,
      'org.opencontainers.image.base.name': base.name,
    },
  });
}
