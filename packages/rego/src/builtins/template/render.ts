/** Rendering templates with Rego values: objects are maps, arrays and sets are slices. */
import {
  compare,
  equal,
  isNumber,
  numberText,
  RegoArray,
  RegoObject,
  RegoSet,
  toBigInt,
  toDouble,
  type Value,
} from '../../values/index.ts';
import { type PrintfArgument, sprintf } from '../go/printf.ts';
import { queryEscape } from '../go/url.ts';
import { maxTextLength } from '../limits.ts';
import { int64Of } from '../operands.ts';
import { TemplateError } from './lexer.ts';
import type { Operand, Pipeline, Template, TemplateNode } from './parser.ts';

/** Undefined is Go's "no value": a missing member, or nil. */
type Datum = Value | undefined;

const maxDepth = 200;

/** Renders the template; `charge` is called per node. Throws {@link TemplateError}. */
export function renderTemplate(
  template: Template,
  data: RegoObject,
  charge: (steps: number) => void,
): string {
  return new Renderer(template, data, charge).run();
}

class Renderer {
  private readonly template: Template;
  private readonly data: RegoObject;
  private readonly charge: (steps: number) => void;
  private readonly variables: [name: string, value: Datum][] = [];
  private out = '';
  private depth = 0;

  constructor(template: Template, data: RegoObject, charge: (steps: number) => void) {
    this.template = template;
    this.data = data;
    this.charge = charge;
    this.variables.push(['$', data]);
  }

  run(): string {
    this.list(this.template.main, this.data);
    return this.out;
  }

  /** Renders nodes; a `break` or `continue` ends them early. */
  private list(nodes: readonly TemplateNode[], dot: Datum): 'break' | 'continue' | undefined {
    const scope = this.variables.length;
    for (const node of nodes) {
      this.charge(1);
      const jump = this.node(node, dot);
      if (jump !== undefined) {
        this.variables.length = scope;
        return jump;
      }
    }
    this.variables.length = scope;
    return undefined;
  }

  private node(node: TemplateNode, dot: Datum): 'break' | 'continue' | undefined {
    switch (node.kind) {
      case 'text':
        this.write(node.text);
        return undefined;
      case 'output': {
        const value = this.pipeline(node.pipeline, dot);
        if (node.pipeline.declares.length === 0) this.write(shown(value));
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'template':
        this.call(node.name, node.pipeline === undefined ? undefined : this.pipeline(node.pipeline, dot));
        return undefined;
      case 'range':
        return this.scoped(() => this.range(node, dot));
      default: {
        return this.scoped(() => {
          const value = this.pipeline(node.pipeline, dot);
          if (truth(value)) return this.list(node.body, node.kind === 'with' ? value : dot);
          return this.list(node.otherwise, dot);
        });
      }
    }
  }

  private scoped<Result>(run: () => Result): Result {
    const scope = this.variables.length;
    const result = run();
    this.variables.length = scope;
    return result;
  }

  private write(text: string): void {
    this.out += text;
    this.charge(text.length >> 6);
    if (this.out.length > maxTextLength)
      throw new TemplateError(`result exceeds the limit of ${maxTextLength} characters`);
  }

  private call(name: string, dot: Datum): void {
    const nodes = this.template.defined.get(name);
    if (nodes === undefined)
      throw new TemplateError(`template: template ${JSON.stringify(name)} not defined`);
    if (++this.depth > maxDepth)
      throw new TemplateError(`template: exceeded maximum template depth (${maxDepth})`);
    const outer = this.variables.splice(0);
    this.variables.push(['$', dot]);
    this.list(nodes, dot);
    this.variables.splice(0, this.variables.length, ...outer);
    this.depth--;
  }

  private range(node: TemplateNode & { kind: 'if' | 'with' | 'range' }, dot: Datum): undefined {
    const { declares, ...source } = node.pipeline;
    const entries = entriesOf(this.pipeline({ ...source, declares: [], assigns: false }, dot));
    if (entries.length === 0) {
      this.list(node.otherwise, dot);
      return undefined;
    }
    for (const [key, value] of entries) {
      this.charge(1);
      const scope = this.variables.length;
      const [first, second] = declares;
      if (second !== undefined) this.bind(node.pipeline.assigns, [first!, key], [second, value]);
      else if (first !== undefined) this.bind(node.pipeline.assigns, [first, value]);
      const jump = this.list(node.body, value);
      this.variables.length = scope;
      if (jump === 'break') break;
    }
    return undefined;
  }

  private bind(assigns: boolean, ...named: [string, Datum][]): void {
    for (const [name, value] of named) {
      const existing = assigns ? this.variables.findLast(([known]) => known === name) : undefined;
      if (existing !== undefined) existing[1] = value;
      else this.variables.push([name, value]);
    }
  }

  private pipeline(pipeline: Pipeline, dot: Datum): Datum {
    let value: Datum;
    pipeline.commands.forEach((command, index) => {
      value = this.command(command, dot, index > 0 ? [value] : []);
    });
    for (const name of pipeline.declares) this.bind(pipeline.assigns, [name, value]);
    return value;
  }

  private command(command: readonly Operand[], dot: Datum, piped: readonly Datum[]): Datum {
    const [head, ...rest] = command as [Operand, ...Operand[]];
    if (head.kind === 'function') {
      if (head.name === 'and' || head.name === 'or') return this.shortCircuit(head.name, rest, dot, piped);
      return callFunction(head.name, [...rest.map((operand) => this.operand(operand, dot)), ...piped]);
    }
    if (head.kind === 'nil') throw new TemplateError('template: template: nil is not a command');
    if (rest.length > 0 || piped.length > 0) {
      throw new TemplateError("template: template: can't give argument to non-function");
    }
    return this.operand(head, dot);
  }

  private shortCircuit(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: Datum,
    piped: readonly Datum[],
  ): Datum {
    let value: Datum;
    const values = [
      ...operands.map((operand) => () => this.operand(operand, dot)),
      ...piped.map((given) => () => given),
    ];
    if (values.length === 0)
      throw new TemplateError(`template: template: wrong number of args for ${name}: want at least 1 got 0`);
    for (const next of values) {
      value = next();
      if (truth(value) === (name === 'or')) break;
    }
    return value;
  }

  private operand(operand: Operand, dot: Datum): Datum {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'constant':
        return operand.value;
      case 'variable': {
        const found = this.variables.findLast(([name]) => name === operand.name);
        if (found === undefined)
          throw new TemplateError(`template: template: undefined variable ${JSON.stringify(operand.name)}`);
        return found[1];
      }
      case 'pipeline':
        return this.scoped(() => this.pipeline(operand.pipeline, dot));
      case 'function':
        return callFunction(operand.name, []);
      case 'fields':
        return operand.names.reduce<Datum>(fieldOf, this.operand(operand.base, dot));
    }
  }
}

/** A member of a map, or nothing where there is none; anything else has no fields. */
function fieldOf(value: Datum, name: string): Datum {
  if (value instanceof RegoObject) return value.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (value === null) {
    throw new TemplateError(`template: template: nil pointer evaluating interface {}.${name}`);
  }
  throw new TemplateError(`template: template: can't evaluate field ${name} in type interface {}`);
}

function entriesOf(value: Datum): readonly (readonly [Datum, Datum])[] {
  if (value instanceof RegoArray) return value.items.map((item, index) => [index, item]);
  if (value instanceof RegoSet) return value.values().map((item, index) => [index, item]);
  if (value instanceof RegoObject) return value.entries();
  if (value === undefined || value === null) return [];
  const count = isNumber(value) ? toBigInt(value) : undefined;
  if (count === undefined)
    throw new TemplateError(`template: template: range can't iterate over ${shown(value)}`);
  if (count > 10_000_000n) throw new TemplateError('template: template: range over too many integers');
  return Array.from({ length: Number(count < 0n ? 0n : count) }, (_, index) => [index, index] as const);
}

/** Empty values are false: false, zero, "", empty collections and no value. */
function truth(value: Datum): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (isNumber(value)) return toDouble(value) !== 0;
  if (value instanceof RegoArray) return value.length > 0;
  return value instanceof RegoObject || value instanceof RegoSet ? value.size > 0 : true;
}

/** What `{{value}}` prints: Go's `%v`. */
function shown(value: Datum): string {
  if (value === undefined || value === null) return '<no value>';
  return nested(value);
}

function nested(value: Datum): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  if (value instanceof RegoArray) return `[${value.items.map(nested).join(' ')}]`;
  if (value instanceof RegoSet) return `[${value.values().map(nested).join(' ')}]`;
  if (value instanceof RegoObject) {
    return `map[${value
      .entries()
      .map(([key, member]) => `${nested(key)}:${nested(member)}`)
      .join(' ')}]`;
  }
  return String(value);
}

function callFunction(name: string, args: readonly Datum[]): Datum {
  switch (name) {
    case 'not':
      return !truth(args[0]);
    case 'len':
      return lengthOf(args[0]);
    case 'index':
      return args.slice(1).reduce<Datum>(indexOf, args[0]);
    case 'slice':
      return sliceOf(args);
    case 'print':
      return args
        .map(
          (arg, i) =>
            (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string' ? ' ' : '') + nested(arg),
        )
        .join('');
    case 'println':
      return `${args.map(nested).join(' ')}\n`;
    case 'printf':
      return sprintf(nested(args[0]), args.slice(1).map(printfArgument), maxTextLength);
    case 'html':
      return args
        .map(nested)
        .join('')
        .replace(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`)
        .replaceAll('&#60;', '&lt;')
        .replaceAll('&#62;', '&gt;')
        .replaceAll('&#38;', '&amp;');
    case 'js':
      return args
        .map(nested)
        .join('')
        .replace(/[\\'"<>&=\n\r\t]/g, jsEscape);
    case 'urlquery':
      return queryEscape(args.map(nested).join(''));
    case 'eq':
      return args.slice(1).some((arg) => comparable(args[0], arg) && same(args[0], arg));
    case 'ne':
      return !(comparable(args[0], args[1]) && same(args[0], args[1]));
    default:
      return ordered(name, args);
  }
}

function jsEscape(character: string): string {
  if ('\\\'"'.includes(character)) return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u00${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function printfArgument(value: Datum): PrintfArgument {
  if (value !== undefined && isNumber(value)) {
    const integer = int64Of(value);
    return integer === undefined
      ? { type: 'float64', value: toDouble(value) }
      : { type: 'int64', value: integer };
  }
  return { type: 'string', value: nested(value) };
}

function lengthOf(value: Datum): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof RegoArray) return value.length;
  if (value instanceof RegoObject || value instanceof RegoSet) return value.size;
  throw new TemplateError('template: template: error calling len: len of untyped nil or type without length');
}

function indexOf(value: Datum, key: Datum): Datum {
  if (value instanceof RegoObject && key !== undefined) return value.get(key) ?? undefined;
  const items =
    value instanceof RegoArray ? value.items : value instanceof RegoSet ? value.values() : undefined;
  if (items === undefined)
    throw new TemplateError("template: template: error calling index: can't index item of this type");
  const index = key !== undefined && isNumber(key) ? toDouble(key) : Number.NaN;
  if (!Number.isInteger(index))
    throw new TemplateError(
      'template: template: error calling index: cannot index slice/array with this type',
    );
  if (index < 0 || index >= items.length) {
    throw new TemplateError(`template: template: error calling index: reflect: slice index out of range`);
  }
  return items[index];
}

function sliceOf([value, from, to]: readonly Datum[]): Datum {
  const bound = (given: Datum, fallback: number) =>
    given !== undefined && isNumber(given) ? toDouble(given) : fallback;
  if (typeof value !== 'string' && !(value instanceof RegoArray)) {
    throw new TemplateError("template: template: error calling slice: can't slice item of this type");
  }
  const [start, end] = [bound(from, 0), bound(to, value.length)];
  if (start < 0 || end > value.length || start > end) {
    throw new TemplateError(
      `template: template: error calling slice: index out of range: ${start < 0 ? start : end}`,
    );
  }
  return typeof value === 'string' ? value.slice(start, end) : new RegoArray(value.items.slice(start, end));
}

function comparable(a: Datum, b: Datum): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (isNumber(a) !== isNumber(b) || (!isNumber(a) && typeof a !== typeof b)) {
    throw new TemplateError('template: template: error calling eq: incompatible types for comparison');
  }
  return true;
}

function same(a: Datum, b: Datum): boolean {
  return a === undefined || b === undefined ? a === b : equal(a, b);
}

function ordered(name: string, [a, b]: readonly Datum[]): boolean {
  const orderable = (value: Datum) => typeof value === 'string' || (value !== undefined && isNumber(value));
  if (!orderable(a) || !orderable(b) || (typeof a === 'string') !== (typeof b === 'string')) {
    throw new TemplateError(`template: template: error calling ${name}: incompatible types for comparison`);
  }
  const order = compare(a!, b!);
  if (name === 'lt') return order < 0;
  if (name === 'le') return order <= 0;
  return name === 'gt' ? order > 0 : order >= 0;
}
