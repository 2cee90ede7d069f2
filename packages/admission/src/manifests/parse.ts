import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { yamlProblem } from '@pratique/policy';
import { type Document, isMap, isNode, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
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

const maxCharacters = 32 * 1024 * 1024;
const maxObjects = 10_000;

/**
 * The objects of a manifest: YAML of one or more documents, or JSON; lists (`kind: List`, `PodList`, …) are taken
 * apart. Merge keys (`<<`) are followed, as kubectl does. Documents with nothing in them are skipped.
 *
 * @throws MANIFEST_INVALID with `file:line:column`
 */
export function parseManifests(source: ManifestSource): readonly ManifestObject[] {
  if (source.text.length > maxCharacters) {
    throw invalid(source.name, { line: 1, col: 1 }, `the file is larger than ${maxCharacters} characters`);
  }
  const lines = new LineCounter();
  const documents = readDocuments(source, lines);
  const objects = documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw invalid(source.name, lines.linePos(error.pos[0]), yamlProblem(error.message));
    if (document.contents === null) return [];
    return objectsOf(source.name, lines, document.contents, toJson(source.name, lines, document));
  });
  if (objects.length > maxObjects) {
    throw invalid(source.name, { line: 1, col: 1 }, `the file holds more than ${maxObjects} objects`);
  }
  return objects;
}

function readDocuments(source: ManifestSource, lines: LineCounter): readonly Document[] {
  try {
    const parsed = parseAllDocuments(source.text, { lineCounter: lines, prettyErrors: false, merge: true });
    return 'empty' in parsed ? [] : parsed;
  } catch (cause) {
    // Nesting deeper than the parser's stack.
    throw invalid(source.name, { line: 1, col: 1 }, 'the file cannot be parsed', cause);
  }
}

function toJson(file: string, lines: LineCounter, document: Document): JsonValue {
  try {
    // Aliases are followed up to a limit, so that a small file cannot become a huge one.
    return document.toJS({ maxAliasCount: 100 }) as JsonValue;
  } catch (cause) {
    throw invalid(file, placeOf(lines, document.contents), 'too many or unknown aliases', cause);
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

function invalid(
  file: string,
  { line, col }: { line: number; col: number },
  message: string,
  cause?: unknown,
): PratiqueError {
  return admissionErrors.error('MANIFEST_INVALID', {
    message: `${printable(file)}:${line}:${col}: ${printable(message)}`,
    cause,
  });
}
