import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { jsonPointer } from './json-pointer.ts';
import { podSpecPath } from './kinds.ts';

/** One place in an object that names an image. */
export interface ImagePlace {
  /** As written. */
  readonly reference: string;
  /** `initContainers[0] "setup"`, `volumes[1] "model"` */
  readonly container: string;
  /** JSON Pointer to the string, for a patch. */
  readonly pointer: string;
}

/** A place that should name an image and cannot be read. */
export interface Malformed {
  readonly container: string | null;
  readonly expected: string;
  readonly found: string;
}

export interface ObjectImages {
  readonly images: readonly ImagePlace[];
  readonly malformed: readonly Malformed[];
}

type Path = readonly (string | number)[];

interface Found {
  readonly images: ImagePlace[];
  readonly malformed: Malformed[];
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * Every image an object names: containers, init containers, ephemeral containers and image volumes. A kind
 * Kubernetes does not define is searched for anything formed like a PodSpec, wherever it stands.
 */
export function imagesOf(group: string, kind: string, object: JsonObject): ObjectImages {
  const found: Found = { images: [], malformed: [] };
  const path = podSpecPath(group, kind);
  if (path === undefined) {
    searchPodSpecs(object, undefined, found);
    return found;
  }
  let value: JsonValue | undefined = object;
  for (const [index, key] of path.entries()) {
    if (value === undefined || value === null) break;
    if (!isJsonObject(value)) {
      const where = path.slice(0, index).join('.') || 'the object';
      return { images: [], malformed: [problem(null, `${where} to be an object`, value)] };
    }
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  if (isJsonObject(value)) {
    // Every Pod has containers: an object without them is misspelt, or made to look empty.
    const { containers } = value;
    if (
      containers === undefined ||
      containers === null ||
      (Array.isArray(containers) && containers.length === 0)
    ) {
      found.malformed.push(problem(null, `${path.join('.')}.containers to have containers`, containers));
    }
    readPodSpec(value, path, found);
  }
  // A ReplicationController may come without a template; the API server decides whether that is valid.
  else if (kind === 'Pod' || (value !== undefined && value !== null)) {
    found.malformed.push(problem(null, `${path.join('.')} to be an object`, value));
  }
  return found;
}

function readPodSpec(spec: JsonObject, path: Path, found: Found): void {
  for (const list of containerLists) {
    for (const [index, item] of listOf(spec, list, found).entries()) {
      add(found, readContainer(item, list, [...path, list, index]));
    }
  }
  for (const [index, volume] of listOf(spec, 'volumes', found).entries()) {
    add(found, readVolume(volume, [...path, 'volumes', index]));
  }
}

function listOf(spec: JsonObject, list: string, found: Found): readonly JsonValue[] {
  const items = spec[list];
  if (Array.isArray(items)) return items;
  if (items !== undefined && items !== null)
    found.malformed.push(problem(null, `${list} to be a list`, items));
  return [];
}

function readContainer(item: JsonValue, list: string, path: Path): ImagePlace | Malformed {
  const container = label(list, path.at(-1), item);
  if (!isJsonObject(item)) return problem(container, 'an object', item);
  const { image } = item;
  if (typeof image !== 'string' || image === '') {
    return problem(container, 'image to be a non-empty string', image);
  }
  return { reference: image, container, pointer: jsonPointer([...path, 'image']) };
}

/** Image volumes (KEP-4639): `volumes[].image.reference`. */
function readVolume(volume: JsonValue, path: Path): ImagePlace | Malformed | undefined {
  const container = label('volumes', path.at(-1), volume);
  if (!isJsonObject(volume)) return problem(container, 'an object', volume);
  const { image } = volume;
  if (image === undefined || image === null) return undefined;
  const reference = isJsonObject(image) ? image.reference : undefined;
  if (typeof reference !== 'string' || reference === '') {
    return problem(container, 'image.reference to be a non-empty string', reference);
  }
  return { reference, container, pointer: jsonPointer([...path, 'image', 'reference']) };
}

function add(found: Found, result: ImagePlace | Malformed | undefined): void {
  if (result === undefined) return;
  if ('pointer' in result) found.images.push(result);
  else found.malformed.push(result);
}

/** A way into an object from its end: made anew for every value that is looked at, it must not be copied for each. */
interface Trail {
  readonly above: Trail | undefined;
  readonly key: string | number;
}

function pathOf(trail: Trail | undefined): Path {
  const path: (string | number)[] = [];
  for (let at = trail; at !== undefined; at = at.above) path.push(at.key);
  return path.reverse();
}

/** Something with a list of containers that have images is a PodSpec for this purpose. */
function searchPodSpecs(value: JsonValue, above: Trail | undefined, found: Found): void {
  if (Array.isArray(value)) {
    for (const [key, item] of value.entries()) searchPodSpecs(item, { above, key }, found);
  } else if (isJsonObject(value)) {
    if (containerLists.some((list) => looksLikeContainers(value[list])))
      readPodSpec(value, pathOf(above), found);
    // What is inside of one may be one as well: nobody knows what the kind's controller makes of it.
    for (const [key, item] of Object.entries(value)) searchPodSpecs(item, { above, key }, found);
  }
}

function looksLikeContainers(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.some((item) => isJsonObject(item) && typeof item.image === 'string');
}

function label(list: string, index: string | number | undefined, item: JsonValue): string {
  const name = isJsonObject(item) && typeof item.name === 'string' ? ` "${printable(item.name, 63)}"` : '';
  return `${list}[${index}]${name}`;
}

function problem(container: string | null, expected: string, value: JsonValue | undefined): Malformed {
  const found = value === undefined ? 'nothing' : printable(JSON.stringify(value), 60);
  return { container, expected, found };
}
