/** `graph.reachable`, `graph.reachable_paths`, `walk`. */
import { RegoArray, RegoObject, RegoSet, type Value } from '../../values/index.ts';
import { listOperand, objectOperand } from '../operands.ts';
import { registerBuiltin, registerRelation } from '../registry.ts';
import { type BuiltinContext, T } from '../types.ts';

const vertices = T.union(T.array(T.any), T.set(T.any));
const graph = T.object([T.any, vertices]);

registerBuiltin(
  'graph.reachable',
  { args: [graph, vertices], result: T.set(T.any) },
  (context, edges, initial) => {
    const neighbours = objectOperand(edges, 1);
    const queue = [...listOperand(initial, 2, '{array, set}')];
    const reached = new RegoSet();
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      const next = neighbours.get(node);
      if (next === undefined || !reached.add(node)) continue;
      const found = neighboursOf(next);
      context.charge(1 + found.length);
      for (const neighbour of found) if (!reached.has(neighbour)) queue.push(neighbour);
    }
    return reached;
  },
);

registerBuiltin(
  'graph.reachable_paths',
  { args: [graph, vertices], result: T.set(T.array(T.any)) },
  (context, edges, initial) => {
    const neighbours = objectOperand(edges, 1);
    const paths = new RegoSet();
    for (const start of listOperand(initial, 2, '{array, set}')) {
      const next = neighbours.get(start);
      if (next === undefined) continue;
      const found = neighboursOf(next);
      if (found.length === 0) paths.add(new RegoArray([start]));
      for (const neighbour of found) collectPaths(context, neighbours, neighbour, [start], paths);
    }
    return paths;
  },
);

/** A path ends at a vertex without edges, before one that is not in the graph, and before one it has already visited. */
function collectPaths(
  context: BuiltinContext,
  neighbours: RegoObject,
  vertex: Value,
  path: readonly Value[],
  paths: RegoSet,
): void {
  context.charge(1 + path.length);
  const next = neighbours.get(vertex);
  if (next === undefined) {
    paths.add(new RegoArray(path));
    return;
  }
  const extended = [...path, vertex];
  const found = neighboursOf(next);
  if (found.length === 0) paths.add(new RegoArray(extended));
  const visited = RegoSet.of(extended);
  for (const neighbour of found) {
    if (visited.has(neighbour)) paths.add(new RegoArray(extended));
    else collectPaths(context, neighbours, neighbour, extended, paths);
  }
}

function neighboursOf(value: Value): readonly Value[] {
  if (value instanceof RegoSet) return value.values();
  return value instanceof RegoArray ? value.items : [];
}

registerRelation(
  'walk',
  { args: [T.any], result: T.array(null, T.array(T.any), T.any) },
  (context, emit, value) => {
    return walk(context, emit, [], value);
  },
);

function walk(
  context: BuiltinContext,
  emit: (result: Value) => boolean,
  path: readonly Value[],
  value: Value,
): boolean {
  context.charge(1);
  if (emit(new RegoArray([new RegoArray(path), value]))) return true;
  if (value instanceof RegoArray) {
    return value.items.some((item, index) => walk(context, emit, [...path, index], item));
  }
  if (value instanceof RegoObject) {
    return value.keys().some((key) => walk(context, emit, [...path, key], value.get(key)!));
  }
  if (value instanceof RegoSet) {
    return value.values().some((item) => walk(context, emit, [...path, item], item));
  }
  return false;
}
