import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { readYamlDocuments, toJs, type YamlDocument, YamlError } from '@pratique/yaml';
import { isMap, isNode, isSeq, type LineCounter, type Node } from 'yaml';
import { admissionErrors } from '../errors.ts';

/** One file of manifests. */
export interface ManifestSource {
  /** Shown to people: a path, or `-`. */
  readonly name: string;
  readonly text: string;
}

/** One Kubernetes object and where it begins. */
export interface ManifestObject {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly object: JsonObject;
  readonly apiVersion: string;
  readonly kind: string;
}

const limits = { maxCharacters: 32 * 1024 * 1024, maxParts: 5_000_000, merge: true };
const maxObjects = 10_000;

/**
 * The objects of a manifest: YAML of one or more documents, or JSON; lists (`kind: List`, `PodList`, …) are taken
 * apart. Merge keys (`<<`) are followed, as kubectl does. Documents with nothing in them are skipped.
 *
 * @throws MANIFEST_INVALID with `file:line:column`
 */
export function parseManifests(source: ManifestSource): readonly ManifestObject[] {
  const { name, text } = source;
  const documents = naming(name, () => readYamlDocuments(text, limits));
  const objects = documents.flatMap((one) => {
    const { contents } = one.document;
    return contents === null ? [] : objectsOf(name, one.lines, contents, toJson(name, one));
  });
  if (objects.length > maxObjects) {
    throw invalid(name, { line: 1, col: 1 }, `the file holds more than ${maxObjects} objects`);
  }
  return objects;
}

function toJson(name: string, document: YamlDocument): JsonValue {
  return naming(name, () => toJs(document)) as JsonValue;
}

function naming<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw invalid(name, { line: error.line, col: error.column }, error.message);
  }
}

function objectsOf(file: string, lines: LineCounter, node: unknown, value: JsonValue): ManifestObject[] {
  if (value === null) return [];
  const place = placeOf(lines, node);
  if (!isJsonObject(value)) throw invalid(file, place, 'expected a Kubernetes object (a mapping)');
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '') {
    throw invalid(file, place, 'expected a Kubernetes object with apiVersion and kind');
  }
  if (!kind.endsWith('List') || !Array.isArray(value.items)) {
    return [{ file, line: place.line, object: value, apiVersion, kind }];
  }
  const items = isMap(node) ? node.get('items', true) : undefined;
  return value.items.flatMap((item: JsonValue, index) =>
    objectsOf(file, lines, isSeq(items) ? items.items[index] : node, typed(item, apiVersion, kind)),
  );
}

/** The items of a `PodList` need not repeat that they are Pods of `v1`. */
function typed(item: JsonValue, apiVersion: string, kind: string): JsonValue {
  if (!isJsonObject(item) || kind === 'List') return item;
  return { apiVersion, kind: kind.slice(0, -'List'.length), ...item };
}

function placeOf(lines: LineCounter, node: unknown): { line: number; col: number } {
  const offset = isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0;
  return lines.linePos(offset);
}

function invalid(file: string, { line, col }: { line: number; col: number }, message: string): PratiqueError {
  return admissionErrors.error('MANIFEST_INVALID', {
    message: `${printable(file)}:${line}:${col}: ${printable(message)}`,
  });
}
