import { type RawAnnotations, SCOPES } from './annotations.ts';
import { compareTerms } from './compare.ts';
import { parseErrorAt, type SourceErrorEntry } from './errors.ts';
import { isGround } from './nodes.ts';
import type { AnnotationScope, Annotations, Import, Package, Rule, Term } from './types.ts';

/** A statement that a METADATA block can stand before. */
export type Statement = Package | Import | Rule;

/** A block with the statement it stands before. */
interface Attached {
  annotations: Annotations;
  target: Statement | undefined;
}

/**
 * Finds for each block the first statement after it, settles its scope, and puts it on the rules it is about: a
 * `rule` block on the rule below it, a `document` block on every rule of that name.
 */
export function attachAnnotations(
  blocks: readonly RawAnnotations[],
  statements: readonly Statement[],
): { annotations: Annotations[]; errors: SourceErrorEntry[] } {
  const errors: SourceErrorEntry[] = [];
  const attached: Attached[] = [];
  for (const block of blocks) {
    const target = firstBelow(statements, block.location.row);
    if (block.scope === '') block.scope = defaultScope(block, target);
    const complaint = scopeProblem(block, target);
    if (complaint !== undefined) errors.push(parseErrorAt(block.location, complaint));
    if (block.entrypoint === true && block.scope !== 'document' && block.scope !== 'package') {
      const message = `annotation entrypoint applied to non-document or package scope '${block.scope}'`;
      errors.push(parseErrorAt(block.location, message));
    }
    attached.push({ annotations: { ...block, scope: block.scope as AnnotationScope }, target });
  }
  if (errors.length === 0) attachToRules(attached, statements);
  return { annotations: attached.map(({ annotations }) => annotations), errors };
}

/** The first statement below a row; statements stand in the order of the file. */
function firstBelow(statements: readonly Statement[], row: number): Statement | undefined {
  let low = 0;
  let high = statements.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (statements[middle]!.location.row > row) high = middle;
    else low = middle + 1;
  }
  return statements[low];
}

function defaultScope(block: RawAnnotations, target: Statement | undefined): string {
  switch (target?.kind) {
    case 'rule':
      return block.entrypoint === true ? 'document' : 'rule';
    case 'package':
      return 'package';
    case 'import':
      return 'import';
    default:
      return '';
  }
}

function scopeProblem({ scope }: RawAnnotations, target: Statement | undefined): string | undefined {
  const wanted = scope === 'rule' || scope === 'document' ? 'rule' : 'package';
  if (!SCOPES.includes(scope)) {
    return `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`;
  }
  if (target?.kind === wanted) return undefined;
  const have = target === undefined ? '' : ` (have ${target.kind})`;
  return `annotation scope '${scope}' must be applied to ${wanted}${have}`;
}

function attachToRules(attached: readonly Attached[], statements: readonly Statement[]): void {
  const byName = new Map<string, Attached[]>();
  for (const entry of attached) {
    if (entry.target?.kind !== 'rule') continue;
    const name = firstName(entry.target);
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [entry]);
    else others.push(entry);
  }
  if (byName.size === 0) return;
  for (const rule of statements) {
    if (rule.kind !== 'rule') continue;
    const candidates = byName.get(firstName(rule)) ?? [];
    let used: number | undefined;
    for (const [i, { annotations, target }] of candidates.entries()) {
      if (target?.kind !== 'rule' || !samePath(rule, target)) continue;
      if (annotations.scope === 'document') rule.annotations.push(annotations);
      else if (annotations.scope === 'rule' && rule.location.row > annotations.location.row) {
        rule.annotations.push(annotations);
        used = i;
      }
    }
    if (used !== undefined) candidates.splice(used, 1);
  }
}

function firstName({ head }: Rule): string {
  const first = head.ref[0];
  return first?.kind === 'var' ? first.name : '';
}

function samePath(a: Rule, b: Rule): boolean {
  const left = groundPrefix(a.head.ref);
  const right = groundPrefix(b.head.ref);
  return left.length === right.length && left.every((term, i) => compareTerms(term, right[i]!) === 0);
}

/** The terms of a rule's ref up to the first that holds a variable. */
export function groundPrefix(ref: readonly Term[]): Term[] {
  const end = ref.findIndex((term, i) => i > 0 && !isGround(term));
  return ref.slice(0, end < 0 ? ref.length : end);
}
