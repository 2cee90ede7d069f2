import { isJsonObject } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type Digest, maxConfigBytes, parseConfigDocument, type Repository } from '@pratique/oci';
import { cliErrors } from '../errors.ts';

/** More manifests than any real index has. */
const maxManifests = 1000;

/**
 * What an image has carried out when it is built on (`ONBUILD`), of all its platforms: which one is built for is not known.
 *
 * @throws USAGE for an index with too many images; whatever the repository throws
 */
export async function triggersOf(
  repository: Repository,
  image: Digest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const digests = new Set([image]);
  const triggers = new Set<string>();
  // What is added meanwhile is visited, too.
  for (const digest of digests) {
    const { manifest } = await repository.getManifest(digest, { signal });
    if (manifest.kind === 'index') {
      for (const child of manifest.manifests) digests.add(child.digest);
      if (digests.size > maxManifests) throw tooMany(repository);
      continue;
    }
    const bytes = await repository.getBlob(manifest.config, { signal, maxBytes: maxConfigBytes });
    const { config } = parseConfigDocument(bytes);
    const kept = isJsonObject(config) && Array.isArray(config.OnBuild) ? config.OnBuild : [];
    for (const trigger of kept) if (typeof trigger === 'string') triggers.add(trigger);
  }
  return [...triggers];
}

function tooMany({ name }: Repository): Error {
  return cliErrors.error('USAGE', {
    message: `an image index of ${printable(name)} is too large`,
    expected: `at most ${maxManifests} manifests`,
    found: 'more',
  });
}
