import type { Annotations, Json, Location, Module, Rule, SchemaAnnotation, Term } from '../ast/types.ts';
import { keyOf } from '../values/index.ts';
import type { CompilerContext } from './context.ts';
import { type CompiledRule, groundPrefix } from './rule-tree.ts';

type JsonObject = { [key: string]: Json };

/** What METADATA blocks say, by what they are attached to. */
export class Metadata {
  readonly #packages = new Map<string, Annotations>();
  readonly #subpackages = new Map<string, Annotations>();
  readonly #documents = new Map<string, Annotations>();

  readonly #hasSchemas: boolean;
  readonly #redeclared = new Set<Annotations>();
  readonly #context: CompilerContext;

  constructor(modules: readonly Module[], rules: readonly CompiledRule[], context: CompilerContext) {
    this.#context = context;
    this.#hasSchemas = modules.some(({ annotations }) =>
      annotations.some(({ schemas }) => schemas !== undefined),
    );
    for (const module of modules) {
      const path = key(textPath(module.package.path));
      for (const block of module.annotations) {
        if (block.scope === 'package') this.#put(this.#packages, path, block);
        else if (block.scope === 'subpackages') this.#put(this.#subpackages, path, block);
      }
    }
    for (const rule of rules) {
      for (const block of rule.annotations)
        if (block.scope === 'document') this.#put(this.#documents, ruleKey(rule), block);
    }
  }

  /** One block each; a block on a document is on every rule of it. */
  #put(blocks: Map<string, Annotations>, path: string, block: Annotations): void {
    const known = blocks.get(path);
    if (known === undefined) blocks.set(path, block);
    else if (known !== block && !this.#redeclared.has(block)) {
      this.#redeclared.add(block);
      const { file, row } = known.location;
      const message = `${block.scope} annotation redeclared: ${file}:${row}`;
      this.#context.report('rego_type_error', block.location, message);
    }
  }

  /** What `rego.metadata.chain()` is in a rule: from the rule outwards to the root. */
  chain(rule: CompiledRule, branch: Rule, location: Location): Term {
    const path = groundPrefix(rule.path).map(String);
    const entries: Json[] = [];
    const own = branch.annotations
      .filter((block) => block.scope === 'rule')
      .sort((a, b) => b.location.row - a.location.row);
    for (const block of own) entries.push({ path, annotations: toJsonObject(block) });
    if (own.length === 0) entries.push({ path });
    const document = this.#documents.get(ruleKey(rule));
    if (document !== undefined) entries.push({ path, annotations: toJsonObject(document) });
    const packagePath = textPath(rule.module.package.path);
    const ofPackage = this.#packages.get(key(packagePath));
    if (ofPackage !== undefined) entries.push({ path: packagePath, annotations: toJsonObject(ofPackage) });
    for (let length = packagePath.length; length >= 0; length--) {
      const prefix = packagePath.slice(0, length);
      const block = this.#subpackages.get(key(prefix));
      if (block !== undefined) entries.push({ path: prefix, annotations: toJsonObject(block) });
    }
    return toTermTree(entries, location);
  }

  /** The schemas that blocks assign in a rule, from the outermost block to the rule's own. */
  schemas(rule: CompiledRule, branch: Rule): readonly SchemaAnnotation[] {
    if (!this.#hasSchemas) return [];
    const packagePath = textPath(rule.module.package.path);
    const blocks = [
      ...packagePath.map((_, index) => this.#subpackages.get(key(packagePath.slice(0, index + 1)))),
      this.#packages.get(key(packagePath)),
      this.#documents.get(ruleKey(rule)),
      ...branch.annotations.filter((block) => block.scope === 'rule'),
    ];
    return blocks.flatMap((block) => block?.schemas ?? []);
  }

  /** What `rego.metadata.rule()` is in a rule. */
  rule(branch: Rule, location: Location): Term {
    const [first] = branch.annotations
      .filter((block) => block.scope === 'rule')
      .sort((a, b) => a.location.row - b.location.row);
    return toTermTree(first === undefined ? {} : toJsonObject(first), location);
  }
}

function textPath(path: readonly Term[]): string[] {
  return path.slice(1).map((term) => (term.kind === 'string' ? term.value : ''));
}

function key(path: readonly string[]): string {
  return JSON.stringify(path);
}

function ruleKey(rule: CompiledRule): string {
  return groundPrefix(rule.path).map(keyOf).join();
}

/** A block with the names of fields that OPA gives. */
function toJsonObject(block: Annotations): JsonObject {
  const out: JsonObject = { scope: block.scope };
  if (block.title !== undefined) out.title = block.title;
  if (block.description !== undefined) out.description = block.description;
  if (block.entrypoint === true) out.entrypoint = true;
  if (block.organizations !== undefined) out.organizations = block.organizations;
  if (block.relatedResources !== undefined)
    out.related_resources = block.relatedResources.map((item) => ({ ...item }));
  if (block.authors !== undefined) out.authors = block.authors.map((author) => ({ ...author }));
  if (block.schemas !== undefined) {
    out.schemas = block.schemas.map((schema) => {
      const entry: JsonObject = { path: refPath(schema.path) };
      if (schema.schema !== undefined) entry.schema = refPath(schema.schema);
      if (schema.definition !== undefined) entry.definition = schema.definition;
      return entry;
    });
  }
  if (block.custom !== undefined) out.custom = block.custom;
  if (block.labels !== undefined) out.labels = block.labels;
  return out;
}

function refPath(terms: readonly Term[]): Json[] {
  return terms.map((term) => (term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : null));
}

function toTermTree(value: Json, location: Location): Term {
  if (value === null) return { kind: 'null', location };
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean', value, location };
    case 'number':
      return { kind: 'number', text: String(value), location };
    case 'string':
      return { kind: 'string', value, location };
    default:
  }
  if (Array.isArray(value)) {
    return { kind: 'array', items: value.map((item) => toTermTree(item, location)), location };
  }
  const pairs = Object.entries(value).map(([name, member]): [Term, Term] => [
    { kind: 'string', value: name, location },
    toTermTree(member, location),
  ]);
  return { kind: 'object', pairs, location };
}
