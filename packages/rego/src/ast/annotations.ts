import { parse as parseYaml } from 'yaml';
import { ParseError, parseErrorAt, type SourceErrorEntry } from './errors.ts';
import { NO_LOCATION } from './nodes.ts';
import type {
  AnnotationScope,
  Annotations,
  Comment,
  Json,
  Location,
  SchemaAnnotation,
  Term,
} from './types.ts';

/** Parses text as one term; given by the parser, which needs annotations in turn. */
export type TermParser = (text: string) => Term;

/** One METADATA block as written, before its scope is known. */
export interface RawAnnotations extends Omit<Annotations, 'scope'> {
  scope: string;
}

/** Longest block that is read: YAML is costly, and no one documents a rule at such length. */
const MAX_BLOCK_LENGTH = 100_000;
/** Most blocks that a module may have. Each may be about every rule of a name. */
const MAX_BLOCKS = 5000;

export function isMetadataComment({ text, location }: Comment): boolean {
  return location.col === 1 && text.trim().startsWith('METADATA');
}

/** Finds the METADATA blocks among a module's comments: consecutive lines from column 1 after the marker. */
export function parseAnnotations(
  comments: readonly Comment[],
  parseTerm: TermParser,
): { annotations: RawAnnotations[]; errors: SourceErrorEntry[] } {
  const annotations: RawAnnotations[] = [];
  const errors: SourceErrorEntry[] = [];
  for (let i = 0; i < comments.length; ) {
    const marker = comments[i++]!;
    if (!isMetadataComment(marker)) continue;
    const block: Comment[] = [];
    for (; i < comments.length; i++) {
      const line = comments[i]!;
      const follows = line.location.col === 1 && line.location.row === comments[i - 1]!.location.row + 1;
      if (!follows || isMetadataComment(line)) break;
      block.push(line);
    }
    try {
      if (annotations.length >= MAX_BLOCKS) throw new Invalid(`more than ${MAX_BLOCKS} METADATA blocks`);
      annotations.push(parseBlock(marker.location, block, parseTerm));
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      errors.push(parseErrorAt(error.location ?? marker.location, error.message));
      if (annotations.length >= MAX_BLOCKS) break;
    }
  }
  return { annotations, errors };
}

class Invalid extends Error {
  readonly location: Location | undefined;
  constructor(message: string, location?: Location) {
    super(message);
    this.location = location;
  }
}

function parseBlock(start: Location, block: readonly Comment[], parseTerm: TermParser): RawAnnotations {
  const lines = block.map(({ text }) => (text.startsWith(' ') ? text.slice(1) : text));
  const text = lines.join('\n');
  if (text.trim() === '') throw new Invalid('expected METADATA block, found whitespace');
  if (text.length > MAX_BLOCK_LENGTH) throw new Invalid('METADATA block too long');
  const raw = readYaml(text, block);
  // The marker's own comment has the whole block as its text from here on: OPA shares the location, and `fmt` reads it.
  start.text = `# METADATA\n${lines.map((line) => `# ${line}`).join('\n')}`;
  const result: RawAnnotations = {
    kind: 'annotations',
    scope: stringField(raw, 'scope') ?? '',
    location: start,
    endRow: block.at(-1)!.location.row,
  };
  const title = stringField(raw, 'title');
  if (title !== undefined && title !== '') result.title = title;
  const description = stringField(raw, 'description');
  if (description !== undefined && description !== '') result.description = description;
  const organizations = listField(raw, 'organizations').map((name) => scalarText(name, 'organizations'));
  if (organizations.length > 0) result.organizations = organizations;
  const related = listField(raw, 'related_resources').map(relatedResource);
  if (related.length > 0) result.relatedResources = related;
  const authors = listField(raw, 'authors').map(author);
  if (authors.length > 0) result.authors = authors;
  const schemas = listField(raw, 'schemas').map((entry) => schema(entry, parseTerm));
  if (schemas.length > 0) result.schemas = schemas;
  const compile = mapField(raw, 'compile');
  if (compile !== undefined) result.compile = compileField(compile, parseTerm);
  const custom = mapField(raw, 'custom');
  if (custom !== undefined) result.custom = toJsonObject(custom, []);
  const labels = mapField(raw, 'labels');
  if (labels !== undefined) result.labels = toJsonObject(labels, []);
  if (booleanField(raw, 'entrypoint')) result.entrypoint = true;
  return result;
}

type YamlMap = Map<unknown, unknown>;

function readYaml(text: string, block: readonly Comment[]): YamlMap {
  let value: unknown;
  try {
    value = parseYaml(text, { mapAsMap: true, maxAliasCount: 100, logLevel: 'error', prettyErrors: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not YAML';
    const offset =
      typeof error === 'object' && error !== null && 'pos' in error ? firstOf(error.pos) : undefined;
    const line = offset === undefined ? 0 : text.slice(0, offset).split('\n').length - 1;
    const at = block[Math.min(line, block.length - 1)]!.location;
    throw new Invalid(`yaml: line ${line + 1}: ${reason}`, at);
  }
  if (value === null || value === undefined) return new Map();
  if (value instanceof Map) return value;
  throw new Invalid('yaml: unmarshal errors:\n  line 1: cannot unmarshal into METADATA', block[0]!.location);
}

function firstOf(pos: unknown): number | undefined {
  return Array.isArray(pos) && typeof pos[0] === 'number' ? pos[0] : undefined;
}

function wrongType(field: string): Invalid {
  return new Invalid(`yaml: unmarshal errors:\n  cannot unmarshal ${field}`);
}

/** YAML scalars may stand where text is asked for, as in Go's decoder. */
function scalarText(value: unknown, field: string): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongType(field);
}

function stringField(raw: YamlMap, field: string): string | undefined {
  const value = raw.get(field);
  return value === undefined ? undefined : scalarText(value, field);
}

function booleanField(raw: YamlMap, field: string): boolean {
  const value = raw.get(field);
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return false;
  // Go's decoder takes YAML 1.1's words where a boolean is asked for.
  if (typeof value === 'string' && /^(y|yes|on|n|no|off)$/i.test(value)) return /^(y|yes|on)$/i.test(value);
  throw wrongType(field);
}

function listField(raw: YamlMap, field: string): unknown[] {
  const value = raw.get(field);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrongType(field);
}

function mapField(raw: YamlMap, field: string): YamlMap | undefined {
  const value = raw.get(field);
  if (value === undefined || value === null) return undefined;
  if (value instanceof Map) return value;
  throw wrongType(field);
}

function toJson(value: unknown, path: readonly string[]): Json {
  if (value instanceof Map) return toJsonObject(value, path);
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, [...path, String(i)]));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}

function toJsonObject(map: YamlMap, path: readonly string[]): { [key: string]: Json } {
  const object: { [key: string]: Json } = Object.create(null);
  for (const [key, value] of map) {
    if (typeof key !== 'string') throw new Invalid(`invalid map key type(s): ${path.join('/')}`);
    object[key] = toJson(value, [...path, key]);
  }
  return object;
}

function textOf(map: YamlMap, key: string): string {
  const value = map.get(key);
  return typeof value === 'string' ? value.trim() : '';
}

function relatedResource(value: unknown): { ref: string; description?: string } {
  const fail = (why: string): never => {
    throw new Invalid(`invalid related-resource definition ${goText(value)}: ${why}`);
  };
  if (typeof value === 'string')
    return value === '' ? fail('ref URL may not be empty string') : { ref: value };
  if (!(value instanceof Map)) return fail('invalid value type, must be string or map');
  const ref = textOf(value, 'ref');
  const description = textOf(value, 'description');
  if (ref === '') return fail("'ref' value required in object");
  return description === '' ? { ref } : { ref, description };
}

function author(value: unknown): { name?: string; email?: string } {
  const fail = (why: string): never => {
    throw new Invalid(`invalid author definition ${goText(value)}: ${why}`);
  };
  let name = '';
  let email = '';
  if (typeof value === 'string') {
    const words = value.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return fail('author is an empty string');
    const last = words.at(-1)!;
    if (last.length >= 2 && last.startsWith('<') && last.endsWith('>')) {
      email = last.slice(1, -1);
      words.pop();
    }
    name = words.join(' ');
  } else if (value instanceof Map) {
    name = textOf(value, 'name');
    email = textOf(value, 'email');
    if (name === '' && email === '') return fail("'name' and/or 'email' values required in object");
  } else return fail('invalid value type, must be string or map');
  return { ...(name === '' ? {} : { name }), ...(email === '' ? {} : { email }) };
}

/** A YAML value as Go's `%s` prints it, for messages. */
function goText(value: unknown): string {
  if (value instanceof Map)
    return `map[${Array.from(value, ([k, v]) => `${goText(k)}:${goText(v)}`).join(' ')}]`;
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'number') return `%!s(${Number.isInteger(value) ? 'int' : 'float64'}=${value})`;
  if (typeof value === 'boolean') return `%!s(bool=${value})`;
  return typeof value === 'string' ? value : '%!s(<nil>)';
}

function tryTerm(text: string, parseTerm: TermParser): Term | undefined {
  try {
    return parseTerm(text);
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

function schema(entry: unknown, parseTerm: TermParser): SchemaAnnotation {
  if (!(entry instanceof Map)) throw wrongType('schemas');
  const [pair] = entry;
  const [key, value] = pair ?? ['', undefined];
  const path = tryTerm(scalarText(key, 'schemas'), parseTerm);
  if (path?.kind !== 'ref') throw new Invalid('invalid document reference');
  if (value instanceof Map) {
    let definition: Json;
    try {
      definition = toJson(value, []);
    } catch (error) {
      throw new Invalid(`invalid schema definition: ${error instanceof Error ? error.message : ''}`);
    }
    return { path: path.terms, schema: undefined, definition };
  }
  if (typeof value !== 'string') throw new Invalid(`invalid schema declaration for path "${String(key)}"`);
  const reference = tryTerm(value, parseTerm);
  if (reference?.kind === 'var' && reference.name === 'schema') {
    const root: Term = { kind: 'var', name: 'schema', location: NO_LOCATION };
    return { path: path.terms, schema: [root], definition: undefined };
  }
  const root = reference?.kind === 'ref' ? reference.terms[0] : undefined;
  if (reference?.kind !== 'ref' || root?.kind !== 'var' || root.name !== 'schema') {
    throw new Invalid('invalid schema reference');
  }
  return { path: path.terms, schema: reference.terms, definition: undefined };
}

function compileField(map: YamlMap, parseTerm: TermParser): NonNullable<Annotations['compile']> {
  const compile: NonNullable<Annotations['compile']> = {};
  const unknowns = map.get('unknowns');
  if (Array.isArray(unknowns)) {
    compile.unknowns = unknowns.map((unknown) => {
      const term = typeof unknown === 'string' ? tryTerm(unknown, parseTerm) : undefined;
      if (term?.kind !== 'ref')
        throw new Invalid(`invalid unknowns element "${String(unknown)}": expected ref`);
      return term.terms;
    });
  }
  const mask = map.get('mask_rule');
  if (typeof mask === 'string') {
    const term = tryTerm(mask, parseTerm);
    if (term === undefined) throw new Invalid(`invalid mask_rule annotation "${mask}"`);
    if (term.kind === 'ref') compile.maskRule = term.terms;
    else if (term.kind === 'var' || term.kind === 'string') compile.maskRule = [term];
    else throw new Invalid(`invalid mask_rule annotation type "${mask}": string`);
  }
  return compile;
}

/** The scopes that a block may have. */
export const SCOPES: readonly string[] = [
  'rule',
  'document',
  'package',
  'subpackages',
] satisfies AnnotationScope[];
