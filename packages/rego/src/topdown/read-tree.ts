import type { RuleNode } from '../compiler/rule-tree.ts';
import { lookup } from '../eval/lookup.ts';
import { RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Bindings } from './bindings.ts';
import { type Continue, Iteration, type Step } from './exit.ts';
import { type Frame, merge } from './frame.ts';
import { readRules } from './read-rules.ts';
import type { Placed } from './read-term.ts';
import { isGround, type RefTerm, refTerm, type Term, valueTerm, varTerm } from './terms.ts';
import { unify } from './unify.ts';

/** A ref into `data` that has been followed to `at`: base documents and rules below that place are still ahead. */
export interface TreePath {
  readonly ref: RefTerm;
  /** The ref with values for what was followed. */
  readonly plugged: readonly Term[];
  readonly at: number;
  readonly in: Bindings;
}

/** Follows a ref through base documents and rules (`evalTree` of OPA). */
export function readTree(
  frame: Frame,
  ref: RefTerm,
  bindings: Bindings,
  result: Placed,
  next: Continue,
): Step {
  const path = { ref, plugged: ref.terms, at: 1, in: bindings };
  return follow(frame, path, frame.evaluation.program.compiled.tree.root, result, next);
}

function follow(
  frame: Frame,
  path: TreePath,
  node: RuleNode | undefined,
  result: Placed,
  next: Continue,
): Step {
  const part = path.ref.terms[path.at];
  if (part === undefined) return finish(frame, path, node, result, next);
  const key = path.in.plug(part);
  if (isGround(key)) return step(frame, path, node, key, result, next);
  return enumerate(frame, path, node, part, result, next);
}

function finish(
  frame: Frame,
  path: TreePath,
  node: RuleNode | undefined,
  result: Placed,
  next: Continue,
): Step {
  const { saving } = frame.evaluation;
  const ref = refTerm(path.plugged);
  if (saving !== undefined && frame.unknown([ref], path.in)) {
    return saving.saveUnify(frame, ref, result.term, path.in, result.in, next);
  }
  const value = extent(frame, path.plugged, node);
  return value === undefined
    ? undefined
    : unify(frame, result.term, valueTerm(value), result.in, path.in, next);
}

function step(
  frame: Frame,
  path: TreePath,
  node: RuleNode | undefined,
  key: Term,
  result: Placed,
  next: Continue,
): Step {
  const plugged = path.plugged.with(path.at, key);
  let child: RuleNode | undefined;
  if (!frame.isReplaced(plugged.slice(0, path.at + 1))) {
    child = key.kind === 'value' ? frame.evaluation.program.child(node, key.value) : undefined;
    if (child !== undefined && child.rules.length > 0) {
      return readRules(frame, { ...path, plugged }, child, result, next);
    }
  }
  return follow(frame, { ...path, plugged, at: path.at + 1 }, child, result, next);
}

function enumerate(
  frame: Frame,
  path: TreePath,
  node: RuleNode | undefined,
  part: Term,
  result: Placed,
  next: Continue,
): Step {
  const { saving, program } = frame.evaluation;
  const above = path.plugged.slice(0, path.at);
  if (saving?.isDisabled(above, true) === true || saving?.contains(refTerm(above), undefined) === true) {
    return saving.saveUnify(frame, refTerm(path.plugged), result.term, path.in, result.in, next);
  }
  const visit = (key: Value): Step => {
    const name = valueTerm(key);
    return unify(frame, name, part, path.in, path.in, () => step(frame, path, node, name, result, next));
  };
  const document = frame.resolve(above);
  const iteration = new Iteration();
  for (const key of keysOf(document)) {
    const exit = iteration.after(visit(key));
    if (exit !== undefined) return exit;
  }
  if (iteration.result !== undefined || node === undefined) return iteration.result;
  for (const { key } of program.children(node)) {
    if (lookup(document, key) !== undefined) continue;
    const exit = visit(key);
    if (exit !== undefined) return exit;
  }
  return undefined;
}

function keysOf(value: Value | undefined): readonly Value[] {
  if (value instanceof RegoArray) return value.items.map((_item, index) => index);
  if (value instanceof RegoObject) return value.keys();
  return value instanceof RegoSet ? value.values() : [];
}

/** The whole document at a place. */
function extent(frame: Frame, path: readonly Term[], node: RuleNode | undefined): Value | undefined {
  const base = frame.resolve(path);
  if (node === undefined) return base;
  const virtual = leaves(frame, path, node);
  return base === undefined ? virtual : merge(base, virtual);
}

function leaves(frame: Frame, path: readonly Term[], node: RuleNode): RegoObject {
  const object = new RegoObject();
  for (const child of frame.evaluation.program.children(node)) {
    if (child.hidden) continue;
    const below = [...path, valueTerm(child.key)];
    let value: Value | undefined;
    if (child.rules.length > 0) {
      const leaf = varTerm('$_leaf');
      frame.unify(refTerm(below), leaf, () => {
        const plugged = frame.bindings.plug(leaf);
        if (plugged.kind === 'value') value = plugged.value;
        return undefined;
      });
    } else value = leaves(frame, below, child);
    if (value !== undefined) object.set(child.key, value);
  }
  return object;
}
