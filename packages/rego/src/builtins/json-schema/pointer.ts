/** References within a schema document: JSON Pointers (RFC 6901) and `$id`s. Nothing is ever fetched. */

import { rethrowOverflow } from '../../stack.ts';
import { RegoArray, RegoObject, type Value } from '../../values/index.ts';

/** The node a `$ref` names, or undefined. */
export function resolvePointer(document: Value, ref: string): Value | undefined {
  const hash = ref.indexOf('#');
  const base = hash < 0 ? ref : ref.slice(0, hash);
  const fragment = hash < 0 ? '' : ref.slice(hash + 1);
  const start = base === '' ? document : findId(document, base, 0);
  if (start === undefined) return undefined;
  if (fragment === '' || fragment.startsWith('/')) return walk(start, decode(fragment));
  return findId(start, `#${fragment}`, 0);
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch (error) {
    rethrowOverflow(error);
    return fragment;
  }
}

function walk(node: Value, pointer: string): Value | undefined {
  let current: Value | undefined = node;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (current instanceof RegoObject) current = current.get(key);
    else if (current instanceof RegoArray) current = /^\d+$/.test(key) ? current.at(Number(key)) : undefined;
    else return undefined;
  }
  return current;
}

const maxDepth = 500;

function findId(node: Value, id: string, depth: number): Value | undefined {
  if (depth > maxDepth) return undefined;
  if (node instanceof RegoArray) return firstOf(node.items, id, depth);
  if (!(node instanceof RegoObject)) return undefined;
  for (const name of ['$id', 'id']) {
    const own = node.get(name);
    if (typeof own === 'string' && (own === id || own.replace(/#$/, '') === id || own.endsWith(`/${id}`)))
      return node;
  }
  return firstOf(
    node.keys().map((key) => node.get(key)!),
    id,
    depth,
  );
}

function firstOf(nodes: readonly Value[], id: string, depth: number): Value | undefined {
  for (const node of nodes) {
    const found = findId(node, id, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
