/** `json.patch`: RFC 6902, extended to sets and to paths given as arrays of keys. */
import {
  equal,
  isNumber,
  RegoArray,
  RegoObject,
  RegoSet,
  toBigInt,
  toTerm,
  typeName,
  type Value,
} from '../../values/index.ts';
import { arrayOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { pathOf } from './paths.ts';

type Path = readonly Value[];

const patches = T.array(T.object([T.any, T.any], ['op', T.string], ['path', T.any]));

registerBuiltin('json.patch', { args: [T.any, patches], result: T.any }, (context, document, operations) => {
  let result: Value | undefined = document;
  for (const operation of arrayOperand(operations, 2).items) {
    if (!(operation instanceof RegoObject)) {
      throw new BuiltinError(
        'must be an array of JSON-Patch objects, but at least one element is not an object',
      );
    }
    result = apply(new Patcher(context), result, operation);
  }
  return result;
});

function apply(patcher: Patcher, document: Value | undefined, operation: RegoObject): Value | undefined {
  const given = required(operation, 'path');
  const op = required(operation, 'op');
  if (typeof op !== 'string')
    throw new BuiltinError(`attribute 'op' must be a string but found: ${typeName(op)}`);
  const path = pathOf(given);
  switch (op) {
    case 'add':
      return patcher.insert(document, path, required(operation, 'value'));
    case 'remove':
      return patcher.remove(document, path);
    case 'replace': {
      const removed = patcher.remove(document, path);
      return patcher.insert(removed, path, required(operation, 'value'));
    }
    case 'move': {
      const from = pathOf(required(operation, 'from'));
      const moved = patcher.find(document, from);
      return patcher.insert(patcher.remove(document, from), path, moved);
    }
    case 'copy':
      return patcher.insert(document, path, patcher.find(document, pathOf(required(operation, 'from'))));
    case 'test': {
      const found = patcher.find(document, path);
      const expected = required(operation, 'value');
      if (equal(found, expected)) return document;
      throw new BuiltinError(
        `value from EditTree != patch value.\n\nExpected: ${toTerm(expected)}\n\nFound: ${toTerm(found)}`,
      );
    }
    default:
      throw new BuiltinError(`unrecognized op: '${op}'`);
  }
}

function required(operation: RegoObject, name: string): Value {
  const value = operation.get(name);
  if (value === undefined) throw new BuiltinError(`missing required attribute '${name}'`);
  return value;
}

/** Values are immutable, so a change makes new ones along its path. Undefined is a document that has been removed. */
class Patcher {
  private readonly context: BuiltinContext;

  constructor(context: BuiltinContext) {
    this.context = context;
  }

  find(document: Value | undefined, path: Path): Value {
    let current = present(document);
    for (const key of path) current = child(current, key);
    return current;
  }

  insert(document: Value | undefined, path: Path, value: Value): Value {
    if (path.length === 0) return value;
    return this.change(present(document), path, (parent, key) => {
      if (parent instanceof RegoObject) return withMember(parent, key, value);
      if (parent instanceof RegoSet) {
        if (equal(key, value)) return RegoSet.of([...parent.unordered(), value]);
        throw new BuiltinError(`set key ${toTerm(key)} does not equal value to be inserted ${toTerm(value)}`);
      }
      if (parent instanceof RegoArray) {
        const index = indexOf(key, parent.length);
        if (index > parent.length) throw new BuiltinError('index for array insertion out of bounds');
        return new RegoArray(parent.items.toSpliced(index, 0, value));
      }
      throw notComposite(parent);
    });
  }

  remove(document: Value | undefined, path: Path): Value | undefined {
    const target = present(document);
    if (path.length === 0) return undefined;
    return this.change(target, path, (parent, key) => {
      if (parent instanceof RegoObject) {
        if (!parent.has(key)) throw missingChild(key);
        return RegoObject.of(parent.entries().filter(([name]) => !equal(name, key)));
      }
      if (parent instanceof RegoSet) {
        if (!parent.has(key)) throw missingChild(key);
        return RegoSet.of(parent.unordered().filter((item) => !equal(item, key)));
      }
      if (parent instanceof RegoArray) {
        const index = indexOf(key, parent.length);
        if (index >= parent.length) throw new BuiltinError('index for array delete out of bounds');
        return new RegoArray(parent.items.toSpliced(index, 1));
      }
      throw notComposite(parent);
    });
  }

  /** Rebuilds everything above the last key of the path. */
  private change(node: Value, path: Path, edit: (parent: Value, key: Value) => Value): Value {
    this.context.charge(1 + sizeOf(node));
    const [key, ...rest] = path as [Value, ...Value[]];
    if (rest.length === 0) return edit(node, key);
    const changed = this.change(child(node, key), rest, edit);
    if (node instanceof RegoObject) return withMember(node, key, changed);
    if (node instanceof RegoArray) return new RegoArray(node.items.with(indexOf(key, node.length), changed));
    const others = (node as RegoSet).unordered().filter((item) => !equal(item, key));
    return RegoSet.of([...others, changed]);
  }
}

function present(document: Value | undefined): Value {
  if (document === undefined) throw new BuiltinError('deleted node encountered during insert operation');
  return document;
}

function child(parent: Value, key: Value): Value {
  if (parent instanceof RegoObject) {
    const member = parent.get(key);
    if (member !== undefined) return member;
    throw new BuiltinError(`path ${toTerm(key)} does not exist in object term ${toTerm(parent)}`);
  }
  if (parent instanceof RegoSet) {
    if (parent.has(key)) return key;
    throw new BuiltinError(`path ${toTerm(key)} does not exist in set term ${toTerm(parent)}`);
  }
  if (parent instanceof RegoArray) {
    const index = indexOf(key, parent.length);
    const item = parent.at(index);
    if (item !== undefined) return item;
    throw new BuiltinError(`path ${index} does not exist in array term ${toTerm(parent)}`);
  }
  throw new BuiltinError(`expected composite type for path ${toTerm(key)}, found value: ${shown(parent)}`);
}

/** A scalar with the name of its type in OPA. */
function shown(scalar: Value): string {
  const name = typeName(scalar);
  return `${toTerm(scalar)} (type: ast.${name[0]!.toUpperCase()}${name.slice(1)})`;
}

function withMember(object: RegoObject, key: Value, value: Value): RegoObject {
  const result = new RegoObject();
  for (const name of object.unorderedKeys()) result.set(name, object.get(name)!);
  result.set(key, value);
  return result;
}

function missingChild(key: Value): BuiltinError {
  return new BuiltinError(`cannot delete child key ${toTerm(key)} that does not exist`);
}

function notComposite(value: Value): BuiltinError {
  return new BuiltinError(`expected composite type, found value: ${shown(value)}`);
}

function sizeOf(value: Value): number {
  if (value instanceof RegoArray) return value.length;
  return value instanceof RegoObject || value instanceof RegoSet ? value.size : 0;
}

/** An array index: a number, decimal digits, or `-` for the place behind the last element. */
function indexOf(key: Value, length: number): number {
  if (isNumber(key)) {
    const index = toBigInt(key);
    if (index === undefined) throw new BuiltinError(`invalid number type for indexing`);
    if (index < 0n) throw new BuiltinError('index for array insertion out of bounds');
    return Number(index);
  }
  if (typeof key !== 'string') throw new BuiltinError('invalid type for indexing');
  if (key === '-') return length;
  if (!/^[+-]?\d{1,15}$/.test(key)) throw new BuiltinError('invalid string for indexing');
  if (/^0./.test(key)) throw new BuiltinError('leading zeros are not allowed in JSON paths');
  if (key.startsWith('-')) throw new BuiltinError('index for array insertion out of bounds');
  return Number(key);
}
