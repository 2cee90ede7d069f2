import { Buffer } from 'node:buffer';
import { withinStack } from '../stack.ts';
import { sortedItems, sortedPairs } from './compare.ts';
import { NO_LOCATION } from './nodes.ts';
import type {
  Annotations,
  Body,
  Comment,
  Expr,
  Head,
  Import,
  Json,
  Location,
  Module,
  Rule,
  SchemaAnnotation,
  Term,
  With,
} from './types.ts';

/** What `opa parse --json-include` chooses. */
export interface JsonOptions {
  /** Whether nodes carry their place and source text (base64); false if not given. */
  locations?: boolean;
  /** Whether the module's comments are included; true if not given. */
  comments?: boolean;
}

/**
 * A module as OPA's JSON (`rego.parse_module`, `opa parse --format json`), on one line, with OPA's order of keys.
 * Text and not an object, since number literals keep all their digits.
 */
export function moduleJson(module: Module, options: JsonOptions = {}): string {
  return withinStack(() => new Writer(options.locations === true).module(module, options.comments !== false));
}

/** A query as OPA's JSON: an array of expressions. */
export function bodyJson(body: Body, options: JsonOptions = {}): string {
  return withinStack(() => new Writer(options.locations === true).body(body));
}

/** An expression as OPA's JSON. */
export function exprJson(expr: Expr): string {
  return withinStack(() => new Writer(false).expr(expr));
}

/** A rule as OPA's JSON. */
export function ruleJson(rule: Rule): string {
  return new Writer(false).rule(rule);
}

/** Terms as OPA's JSON: an array of them, which is what a ref is. */
export function termsJson(terms: readonly Term[]): string {
  return new Writer(false).terms(terms);
}

/** A METADATA block as OPA's JSON. */
export function annotationsJson(annotations: Annotations): string {
  return new Writer(false).annotations(annotations);
}

/** JSON text as Go writes it: `<`, `>` and `&` escaped. */
export function goString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

type Field = [name: string, json: string | undefined];

function object(...fields: Field[]): string {
  const members = fields.filter(([, json]) => json !== undefined);
  return `{${members.map(([name, json]) => `"${name}":${json}`).join(',')}}`;
}

function array<N>(items: readonly N[], write: (item: N) => string): string {
  return `[${items.map(write).join(',')}]`;
}

/** The array, or nothing where there is nothing in it. */
function arrayIfAny<N>(items: readonly N[], write: (item: N) => string): string | undefined {
  return items.length === 0 ? undefined : array(items, write);
}

class Writer {
  readonly #locations: boolean;

  constructor(locations: boolean) {
    this.#locations = locations;
  }

  module(module: Module, comments: boolean): string {
    const { location, path } = module.package;
    return object(
      ['package', object(['location', this.#at(location)], ['path', this.terms(path)])],
      ['imports', arrayIfAny(module.imports, (item) => this.#import(item))],
      ['annotations', arrayIfAny(module.annotations, (item) => this.annotations(item))],
      ['rules', arrayIfAny(module.rules, (rule) => this.rule(rule))],
      ['comments', comments ? arrayIfAny(module.comments, (comment) => this.#comment(comment)) : undefined],
    );
  }

  body(body: Body): string {
    return array(body, (expr) => this.expr(expr));
  }

  #at(location: Location): string | undefined {
    return this.#locations && location !== NO_LOCATION ? this.#location(location) : undefined;
  }

  #location({ file, row, col, text }: Location): string {
    const withText = this.#locations && text !== '';
    return object(
      ['file', goString(file)],
      ['row', String(row)],
      ['col', String(col)],
      ['text', withText ? base64(text) : undefined],
    );
  }

  #comment({ text, location }: Comment): string {
    return object(['Text', text === '' ? '""' : base64(text)], ['Location', this.#location(location)]);
  }

  #import({ path, alias, location }: Import): string {
    return object(
      ['alias', alias === undefined ? undefined : goString(alias)],
      ['location', this.#at(location)],
      ['path', this.#term(path)],
    );
  }

  rule(rule: Rule): string {
    return object(
      ['annotations', arrayIfAny(rule.annotations, (item) => this.annotations(item))],
      ['body', this.body(rule.body)],
      ['default', rule.default ? 'true' : undefined],
      ['else', rule.else === undefined ? undefined : this.rule(rule.else)],
      ['head', this.#head(rule.head)],
      ['location', this.#at(rule.location)],
    );
  }

  #head(head: Head): string {
    return object(
      ['name', head.name === '' ? undefined : goString(head.name)],
      ['args', arrayIfAny(head.args ?? [], (term) => this.#term(term))],
      ['key', head.key === undefined ? undefined : this.#term(head.key)],
      ['value', head.value === undefined ? undefined : this.#term(head.value)],
      ['assign', head.assign ? 'true' : undefined],
      ['ref', this.terms(head.ref)],
      ['location', this.#at(head.location)],
    );
  }

  expr(expr: Expr): string {
    return object(
      ['index', String(expr.index)],
      ['location', this.#at(expr.location)],
      ['negated', expr.negated ? 'true' : undefined],
      ['terms', this.#exprTerms(expr.terms)],
      ['with', arrayIfAny(expr.with, (modifier) => this.#with(modifier))],
    );
  }

  #with({ target, value, location }: With): string {
    return object(
      ['location', this.#at(location)],
      ['target', this.#term(target)],
      ['value', this.#term(value)],
    );
  }

  #exprTerms(terms: Expr['terms']): string {
    switch (terms.kind) {
      case 'call':
        return this.terms([terms.operator, ...terms.args]);
      case 'some':
        return object(['location', this.#at(terms.location)], ['symbols', this.terms(terms.symbols)]);
      case 'every':
        return object(
          ['body', this.body(terms.body)],
          ['domain', this.#term(terms.domain)],
          ['key', terms.key === undefined ? 'null' : this.#term(terms.key)],
          ['location', this.#at(terms.location)],
          ['value', this.#term(terms.value)],
        );
      case 'not':
        return object(
          ['body', this.body(terms.body)],
          ['explicit_body', String(terms.explicitBody)],
          ['type', '"not"'],
        );
      case 'logicalAnd':
      case 'logicalOr':
        return object(
          ['explicit_lhs', terms.explicitLhs ? 'true' : undefined],
          ['explicit_rhs', terms.explicitRhs ? 'true' : undefined],
          ['lhs', this.body(terms.lhs)],
          ['rhs', this.body(terms.rhs)],
          ['type', terms.kind === 'logicalAnd' ? '"and"' : '"or"'],
        );
      default:
        return this.#term(terms);
    }
  }

  terms(terms: readonly Term[]): string {
    return array(terms, (term) => this.#term(term));
  }

  #term(term: Term): string {
    return object(
      ['location', this.#at(term.location)],
      ['type', `"${term.kind.toLowerCase()}"`],
      ['value', this.#value(term)],
    );
  }

  #value(term: Term): string {
    switch (term.kind) {
      case 'null':
        return '{}';
      case 'boolean':
        return String(term.value);
      case 'number':
        return term.text.replace(/^(-?)\./, '$10.');
      case 'string':
        return goString(term.value);
      case 'var':
        return goString(term.name);
      case 'ref':
        return this.terms(term.terms);
      case 'call':
        return this.terms([term.operator, ...term.args]);
      case 'array':
        return this.terms(term.items);
      case 'set':
        return this.terms(sortedItems(term));
      case 'object':
        return array(sortedPairs(term), (pair) => this.terms(pair));
      case 'arrayComprehension':
      case 'setComprehension':
        return object(['term', this.#term(term.term)], ['body', this.body(term.body)]);
      case 'objectComprehension':
        return object(
          ['key', this.#term(term.key)],
          ['value', this.#term(term.value)],
          ['body', this.body(term.body)],
        );
      case 'templateString':
        return object(
          [
            'parts',
            arrayIfAny(term.parts, (p) => (p.kind === 'expr' ? this.expr(p) : this.#term(p))) ?? 'null',
          ],
          ['multi_line', String(term.multiLine)],
        );
    }
  }

  annotations(a: Annotations): string {
    const text = (value: string | undefined): string | undefined =>
      value === undefined ? undefined : goString(value);
    return object(
      [
        'authors',
        a.authors &&
          array(a.authors, ({ name = '', email }) =>
            object(['name', goString(name)], ['email', text(email)]),
          ),
      ],
      ['compile', a.compile && this.#compile(a.compile)],
      ['custom', ifAny(a.custom)],
      ['description', text(a.description)],
      ['entrypoint', a.entrypoint === true ? 'true' : undefined],
      ['labels', ifAny(a.labels)],
      ['location', this.#at(a.location)],
      ['organizations', a.organizations && array(a.organizations, goString)],
      [
        'related_resources',
        a.relatedResources &&
          array(a.relatedResources, (r) =>
            object(['description', text(r.description)], ['ref', goString(r.ref)]),
          ),
      ],
      ['schemas', a.schemas && array(a.schemas, (schema) => this.#schema(schema))],
      ['scope', goString(a.scope)],
      ['title', text(a.title)],
    );
  }

  #compile({ unknowns, maskRule }: NonNullable<Annotations['compile']>): string {
    return object(
      ['unknowns', unknowns && arrayIfAny(unknowns, (ref) => this.terms(ref))],
      ['mask_rule', maskRule && this.terms(maskRule)],
    );
  }

  #schema({ path, schema, definition }: SchemaAnnotation): string {
    const plain = new Writer(false);
    return object(
      ['path', plain.terms(path)],
      ['schema', schema && this.terms(schema)],
      ['definition', definition === undefined ? undefined : goJson(definition)],
    );
  }
}

function ifAny(map: { [key: string]: Json } | undefined): string | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : goJson(map);
}

/** Plain data as Go writes it: keys sorted. */
function goJson(value: Json): string {
  if (typeof value === 'string') return goString(value);
  if (Array.isArray(value)) return array(value, goJson);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${goString(key)}:${goJson(value[key]!)}`).join(',')}}`;
}

function base64(text: string): string {
  return `"${Buffer.from(text).toString('base64')}"`;
}
