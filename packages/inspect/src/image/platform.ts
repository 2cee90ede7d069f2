import { printable } from '@pratique/errors';
import type { Descriptor, ImageIndex, Platform } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';

/** `linux/arm64/v8` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return printable(`${os}/${architecture}${variant ? `/${variant}` : ''}`);
}

/** Reads `linux/arm64/v8`. @throws INSPECT_PLATFORM_INVALID */
export function parsePlatform(text: string): Platform {
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw inspectErrors.error('INSPECT_PLATFORM_INVALID', {
      message: `"${printable(text)}" is not a platform`,
      expected: 'OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Other names of architectures, as containerd takes them (`platforms.Normalize`). */
const architectures: ReadonlyMap<string, string> = new Map([
  ['i386', '386'],
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
  ['armel', 'arm'],
]);

/**
 * Whether a node of the wanted platform takes an image for this one: as containerd does, in any case, by other names of
 * architectures, and where no system is named. What it takes and we passed over would run without having been looked at.
 */
function isFor({ os, architecture, variant }: Platform, wanted: Platform): boolean {
  const system = os === '' ? wanted.os : os.toLowerCase() === 'macos' ? 'darwin' : os.toLowerCase();
  const processor = architecture.toLowerCase();
  return (
    system === wanted.os &&
    (architectures.get(processor) ?? processor) === wanted.architecture &&
    (wanted.variant === undefined || (variant ?? wanted.variant) === wanted.variant)
  );
}

/**
 * The image of an index for a platform; a variant counts only where one is asked for.
 *
 * @throws INSPECT_PLATFORM_MISSING
 */
export function chooseImage(index: ImageIndex, wanted: Platform): Descriptor {
  // Builders put attestations beside the images, with a platform no machine has.
  const images = index.manifests.filter(({ platform }) => platform?.os !== 'unknown');
  const matching = images.filter(({ platform }) => platform !== undefined && isFor(platform, wanted));
  if (new Set(matching.map(({ digest }) => digest)).size === 1) return matching[0]!;
  const platforms = images.map(({ platform }) => (platform ? formatPlatform(platform) : 'unnamed'));
  throw inspectErrors.error('INSPECT_PLATFORM_MISSING', {
    message: `the index has ${matching.length} images for ${formatPlatform(wanted)}`,
    expected: 'one',
    found: platforms.length === 0 ? 'no images' : platforms.slice(0, 20).join(', '),
  });
}
