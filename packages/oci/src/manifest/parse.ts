import { isJsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import type { Descriptor, ImageIndex, ImageManifest, Manifest } from '../types.ts';
import {
  annotationsOf,
  descriptorOf,
  FieldRefused,
  optionalMediaType,
  own,
  refuseCaseVariants,
} from './descriptor.ts';
import { imageMediaTypes, indexMediaTypes, manifestTypeOf, mediaTypes } from './media-types.ts';

/** Largest manifest that is read, in bytes: what distribution-spec says a registry should at least support. */
export const maxManifestBytes = 4 * 1024 * 1024;
/** Layers of one image (cosign stores a signature a layer and stops at 1,000), and manifests of one index. */
export const maxManifestEntries = 10_000;

type Fields = Readonly<Record<string, unknown>>;

const knownFields = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
  'fsLayers',
];

/** More than a manifest of the largest size has, when its values are descriptors; of empty ones there could be more. */
const maxValues = 150_000;

function invalid(why: string): PratiqueError {
  return ociErrors.error('OCI_MANIFEST_INVALID', { message: `the manifest is not valid: ${why}` });
}

/**
 * Parses the JSON of a manifest, strict: UTF-8, no key twice in one object, bounded depth and number of values.
 *
 * @throws OCI_MANIFEST_INVALID
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, 'it', { maxValues });
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'ENCODING_INVALID') throw invalid(error.message);
    throw error;
  }
}

/**
 * Parses an OCI or Docker (schema 2) image manifest or index. Strict where two readers could see two different
 * documents (CVE-2021-41190): a document with both `layers` and `manifests`, a `mediaType` other than the
 * `Content-Type`, keys given twice or in another case are refused.
 *
 * @param bytes at most `maxManifestBytes`
 * @param contentType media type the source gave, if it gave one
 * @throws OCI_MANIFEST_INVALID, OCI_MEDIA_TYPE_UNSUPPORTED, OCI_SIZE_EXCEEDED
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  if (bytes.length > maxManifestBytes) {
    throw ociErrors.error('OCI_SIZE_EXCEEDED', {
      message: `the manifest has ${bytes.length} bytes`,
      expected: `at most ${maxManifestBytes} bytes`,
      found: `${bytes.length} bytes`,
    });
  }
  try {
    const document = parseStrictJson(bytes);
    if (!isJsonObject(document)) throw invalid('it is not a JSON object');
    return manifestOf(document, manifestTypeOf(contentType));
  } catch (error) {
    if (error instanceof FieldRefused) throw invalid(error.message);
    throw error;
  }
}

function manifestOf(document: Fields, contentType: string | undefined): Manifest {
  refuseCaseVariants(document, knownFields, 'manifest');
  const declared = optionalMediaType(document, 'mediaType', 'manifest');
  if (declared !== undefined && contentType !== undefined && declared !== contentType) {
    throw ociErrors.error('OCI_MANIFEST_INVALID', {
      message: `the manifest says it is ${printable(declared)}, but was served as ${printable(contentType)}`,
      expected: declared,
      found: printable(contentType),
    });
  }
  const mediaType = contentType ?? declared ?? inferredType(document);
  const kind = imageMediaTypes.includes(mediaType)
    ? 'image'
    : indexMediaTypes.includes(mediaType)
      ? 'index'
      : null;
  if (kind === null) {
    throw ociErrors.error('OCI_MEDIA_TYPE_UNSUPPORTED', {
      message: `manifests of type ${printable(mediaType)} are not supported`,
      expected: 'an OCI or Docker schema 2 image manifest or index',
      found: printable(mediaType),
    });
  }
  if (own(document, 'schemaVersion') !== 2) throw invalid('schemaVersion is not 2');
  if (own(document, 'fsLayers') !== undefined) throw invalid('it mixes Docker schema 1 and 2');
  const common = {
    mediaType,
    annotations: annotationsOf(document, 'manifest'),
    ...optional('artifactType', optionalMediaType(document, 'artifactType', 'manifest')),
    ...optional('subject', subjectOf(document)),
  };
  return kind === 'image' ? imageOf(document, common) : indexOf(document, common);
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: Value };
}

/** A document without any media type is an OCI one; which, its fields say (image-spec §Manifest `mediaType`). */
function inferredType(document: Fields): string {
  if (own(document, 'schemaVersion') === 1) return 'application/vnd.docker.distribution.manifest.v1+json';
  const isIndex = own(document, 'manifests') !== undefined;
  const isImage = own(document, 'layers') !== undefined || own(document, 'config') !== undefined;
  if (isIndex === isImage) throw invalid('it has no media type and is not clearly an image or an index');
  return isIndex ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

function subjectOf(document: Fields): Descriptor | undefined {
  const subject = own(document, 'subject');
  return subject === undefined || subject === null ? undefined : descriptorOf(subject, 'subject');
}

function listOf(document: Fields, name: string): Descriptor[] {
  // Go writes an empty list of a nil slice as null.
  const list = own(document, name) ?? [];
  if (!Array.isArray(list)) throw invalid(`${name} is not a list`);
  if (list.length > maxManifestEntries) throw invalid(`${name} has more than ${maxManifestEntries} entries`);
  return list.map((item, index) => descriptorOf(item, `${name}[${index}]`));
}

type Common = Pick<Manifest, 'mediaType' | 'annotations' | 'artifactType' | 'subject'>;

function imageOf(document: Fields, common: Common): ImageManifest {
  if (own(document, 'manifests') !== undefined) throw invalid('it is both an image and an index');
  const config = descriptorOf(own(document, 'config'), 'config');
  return { kind: 'image', ...common, config, layers: listOf(document, 'layers') };
}

function indexOf(document: Fields, common: Common): ImageIndex {
  if (own(document, 'layers') !== undefined || own(document, 'config') !== undefined) {
    throw invalid('it is both an image and an index');
  }
  if (own(document, 'manifests') === undefined) throw invalid('manifests is missing');
  return { kind: 'index', ...common, manifests: listOf(document, 'manifests') };
}
