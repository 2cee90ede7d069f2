import { admissionErrors } from '../errors.ts';
import { imagesOf } from '../objects/images.ts';
import { type ManifestSource, parseManifests } from './parse.ts';

/**
 * The images that the objects of a manifest name, as written, each once.
 *
 * @throws MANIFEST_INVALID with `file:line:column`; also for a place that should name an image and cannot be read
 */
export function imagesInManifest(source: ManifestSource): readonly string[] {
  const found = new Set<string>();
  for (const { file, line, apiVersion, kind, object } of parseManifests(source)) {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const { images, malformed } = imagesOf(group, kind, object);
    const [problem] = malformed;
    if (problem !== undefined) {
      throw admissionErrors.error('MANIFEST_INVALID', {
        message: `${file}:${line}:1: ${problem.container ?? 'the object'} cannot be read`,
        expected: problem.expected,
        found: problem.found,
      });
    }
    for (const { reference } of images) found.add(reference);
  }
  return [...found];
}
