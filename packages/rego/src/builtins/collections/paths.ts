/** `json.filter` and `json.remove`: keep or drop the parts of a document that paths name. */
import { RegoArray, RegoObject, RegoSet, typeName, type Value } from '../../values/index.ts';
import { objectOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { OperandError, T } from '../types.ts';

const anyObject = T.object([T.any, T.any]);
const path = T.union(T.string, T.array(T.any));
const declaration = { args: [anyObject, T.union(T.array(path), T.set(path))], result: anyObject };

registerBuiltin('json.filter', declaration, (context, object, paths) => {
  const operand = objectOperand(object, 1);
  const tree = pathTree(pathsOperand(paths));
  context.charge(operand.size);
  return filterPaths(operand, tree);
});

registerBuiltin('json.remove', declaration, (context, object, paths) => {
  const operand = objectOperand(object, 1);
  const tree = pathTree(pathsOperand(paths));
  context.charge(operand.size);
  return removePaths(operand, tree);
});

type Path = readonly Value[];

/** A path is an array of keys or a `/`-separated JSON Pointer (RFC 6901); the leading slash may be missing. */
export function pathOf(value: Value): Path {
  if (value instanceof RegoArray) return value.items;
  if (typeof value !== 'string') {
    throw new OperandError(
      `operand 2 must be one of {set, array} containing string paths or array of path segments but got ${typeName(value)}`,
    );
  }
  if (value === '') return [];
  return value
    .replace(/^\/+/, '')
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pathsOperand(paths: Value): readonly Path[] {
  if (paths instanceof RegoArray) return paths.items.map(pathOf);
  if (paths instanceof RegoSet) return paths.values().map(pathOf);
  throw wrongType(2, paths, 'set', 'array');
}

/** The tree of the paths: an object whose leaves are null. A shorter path wins; empty ones are passed over, as in OPA. */
export function pathTree(paths: readonly Path[]): RegoObject {
  const root = new RegoObject();
  for (const keys of paths) {
    let node: RegoObject | undefined = keys.length === 0 ? undefined : root;
    for (const key of keys.slice(0, -1)) {
      const child: Value | undefined = node?.get(key);
      if (node === undefined || child === null) {
        node = undefined;
        break;
      }
      const next: RegoObject = child instanceof RegoObject ? child : new RegoObject();
      if (child === undefined) node.set(key, next);
      node = next;
    }
    node?.set(keys.at(-1)!, null);
  }
  return root;
}

/** What the tree names. Array elements are named by their index, written as a string or a number. */
export function filterPaths(value: RegoObject, tree: RegoObject): RegoObject {
  return filter(value, tree) as RegoObject;
}

function filter(value: Value, tree: Value): Value | undefined {
  if (tree === null || !(tree instanceof RegoObject)) return value;
  if (value instanceof RegoObject) {
    const result = new RegoObject();
    for (const key of tree.unorderedKeys()) {
      const member = value.get(key);
      if (member === undefined) continue;
      const kept = filter(member, tree.get(key)!);
      if (kept !== undefined) result.set(key, kept);
    }
    return result;
  }
  if (value instanceof RegoArray) {
    const items: Value[] = [];
    value.items.forEach((item, index) => {
      const branch = tree.get(String(index));
      const kept = branch === undefined ? undefined : filter(item, branch);
      if (kept !== undefined) items.push(kept);
    });
    return new RegoArray(items);
  }
  if (value instanceof RegoSet) {
    const result = new RegoSet();
    for (const item of value.unordered()) {
      const branch = tree.get(item);
      const kept = branch === undefined ? undefined : filter(item, branch);
      if (kept !== undefined) result.add(kept);
    }
    return result;
  }
  return value;
}

function removePaths(value: Value, tree: Value | undefined): Value | undefined {
  if (tree === null) return undefined;
  if (!(tree instanceof RegoObject)) return value;
  if (value instanceof RegoObject) {
    const result = new RegoObject();
    for (const key of value.unorderedKeys()) {
      const kept = removePaths(value.get(key)!, tree.get(key));
      if (kept !== undefined) result.set(key, kept);
    }
    return result;
  }
  if (value instanceof RegoArray) {
    const kept = value.items.map((item, index) => removePaths(item, tree.get(String(index))));
    return new RegoArray(kept.filter((item) => item !== undefined));
  }
  if (value instanceof RegoSet) {
    const kept = value.unordered().map((item) => removePaths(item, tree.get(item)));
    return RegoSet.of(kept.filter((item) => item !== undefined));
  }
  return value;
}
