import type { Descriptor, Platform } from '../types.ts';
import { type BuiltManifest, describeBytes } from './build.ts';
import { mediaTypes } from './media-types.ts';

type Annotations = Readonly<Record<string, string>>;

/** An image manifest in the bytes that go-containerregistry, and so cosign, writes for it. */
export function buildGoImageManifest(input: {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Annotations;
  /** Default: OCI's. */
  readonly mediaType?: string;
}): BuiltManifest {
  const { config, layers, annotations = {}, mediaType = mediaTypes.ociManifest } = input;
  return build(
    mediaType,
    `"config":${descriptorText(config)},"layers":[${layers.map(descriptorText).join(',')}]`,
    annotations,
  );
}

/** The same for an index. */
export function buildGoIndex(input: {
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Annotations;
}): BuiltManifest {
  const { manifests, annotations = {} } = input;
  return build(mediaTypes.ociIndex, `"manifests":[${manifests.map(descriptorText).join(',')}]`, annotations);
}

/** JSON text as Go's encoder has it: what could end a script in a web page is escaped. */
function goJson(text: string): Uint8Array {
  // Outside of strings JSON has none of these characters.
  const escaped = text.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new TextEncoder().encode(escaped);
}

function build(mediaType: string, content: string, annotations: Annotations): BuiltManifest {
  const more = Object.keys(annotations).length === 0 ? '' : `,"annotations":${annotationsText(annotations)}`;
  const bytes = goJson(`{"schemaVersion":2,"mediaType":"${mediaType}",${content}${more}}`);
  return { bytes, descriptor: describeBytes(bytes, mediaType) };
}

/** In the order of the fields of Go's type; what is absent or empty is left out. */
function descriptorText(descriptor: Descriptor): string {
  const { mediaType, size, digest, data, urls = [], annotations = {}, platform, artifactType } = descriptor;
  const fields = [
    ['mediaType', mediaType],
    ['size', size],
    ['digest', digest],
    ['data', data],
    ['urls', urls.length === 0 ? undefined : urls],
    ['annotations', Object.keys(annotations).length === 0 ? undefined : annotations],
    ['platform', platform && platformOf(platform)],
    ['artifactType', artifactType],
  ] as const;
  const texts = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = name === 'annotations' ? annotationsText(value as Annotations) : JSON.stringify(value);
      return `"${name}":${text}`;
    });
  return `{${texts.join(',')}}`;
}

function platformOf({ architecture, os, variant, ...more }: Platform) {
  return { architecture, os, 'os.version': more['os.version'], 'os.features': more['os.features'], variant };
}

/** Sorted by their bytes, as Go writes maps. An object would put names that are numbers first. */
function annotationsText(annotations: Annotations): string {
  const entries = Object.entries(annotations)
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${entries.join(',')}}`;
}
