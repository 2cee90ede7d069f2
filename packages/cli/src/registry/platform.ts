import type { Descriptor, Platform, Repository } from '@pratique/oci';
import { cliErrors } from '../errors.ts';

/** The image that an index has for a platform written as `linux/arm64` or `linux/arm/v7`; `subject` where none is asked for. */
export async function selectPlatform(
  repository: Repository,
  subject: Descriptor,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<Descriptor> {
  if (!platform) return subject;
  const { manifest } = await repository.getManifest(subject.digest, { signal });
  if (manifest.kind !== 'index') {
    throw cliErrors.error('USAGE', {
      message: 'the image is for one platform only',
      expected: 'an index of images, for --platform to choose from',
      found: 'one image',
    });
  }
  const images = manifest.manifests.filter(({ platform: is }) => is !== undefined && is.os !== 'unknown');
  const [image, another] = images.filter(({ platform: is }) => isPlatform(is!, platform));
  if (image !== undefined && another === undefined) return image;
  throw cliErrors.error('USAGE', {
    message:
      image === undefined
        ? 'the image is not there for that platform'
        : 'several images are for that platform',
    expected: images.map(({ platform: is }) => describe(is!)).join(', '),
    found: platform.slice(0, 100),
  });
}

function isPlatform(is: Platform, wanted: string): boolean {
  const [os, architecture, variant] = wanted.split('/');
  return (
    is.os === os && is.architecture === architecture && (variant === undefined || is.variant === variant)
  );
}

function describe({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
