import type { Body, Expr, Location, Rule, Term } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';

/*
 * What of a set of policies its tests evaluate. A policy is not watched while it runs; its text is rewritten so that it
 * reports (`rewrite.ts`). Left out is what cannot report: `default` rules, `else` branches without braces, expressions in
 * template strings, and operands of `and`, `or` and `not` without braces, which count with the expression around them.
 */

/** A place that reports. */
export interface Place {
  readonly location: Location;
  /** `some x in xs`: counts when it was evaluated, and is no gap when it was not. */
  readonly isDeclaration: boolean;
}

interface ExpressionPlace {
  readonly expr: Expr;
  /** In the body of a comprehension, of `every` or of a negation, and not in the rule's own. */
  readonly isNested: boolean;
}

/** The places of a rule that can report: its expressions, and its head, which counts when the rule has a value. */
export function reportingPlaces(rule: Rule): { head: Location | undefined; expressions: ExpressionPlace[] } {
  const expressions: ExpressionPlace[] = [];
  const body = (exprs: Body, isNested: boolean): void => {
    for (const expr of exprs) {
      const isBare = expr.terms.kind === 'some' && expr.terms.symbols[0]?.kind !== 'call';
      if (!isBare) expressions.push({ expr, isNested });
      below(expr);
    }
  };
  const below = (node: Node): void => {
    if (!('kind' in node)) {
      eachChild(node, below);
      return;
    }
    switch (node.kind) {
      case 'arrayComprehension':
      case 'setComprehension':
        below(node.term);
        body(node.body, true);
        break;
      case 'objectComprehension':
        below(node.key);
        below(node.value);
        body(node.body, true);
        break;
      case 'every':
        below(node.domain);
        body(node.body, true);
        break;
      case 'not':
        if (node.explicitBody) body(node.body, true);
        else node.body.forEach(below);
        break;
      case 'logicalAnd':
      case 'logicalOr':
        if (node.explicitLhs) body(node.lhs, true);
        else node.lhs.forEach(below);
        if (node.explicitRhs) body(node.rhs, true);
        else node.rhs.forEach(below);
        break;
      default:
        eachChild(node, below);
    }
  };
  // The expression of an `else` without braces has the place of the whole branch.
  const isPlaceless = rule.body[0]?.location === rule.location && !rule.generatedBody;
  if (rule.default || isPlaceless) return { head: undefined, expressions };
  if (!rule.generatedBody) body(rule.body, false);
  const { key, value } = rule.head;
  for (const term of [key, value]) if (term !== undefined) below(term);
  return { head: hasWholePlace(rule) ? rule.head.location : undefined, expressions };
}

/** `f(x)` alone is a rule whose place is the name only: nothing can be put after it. */
function hasWholePlace({ generatedBody, head }: Rule): boolean {
  return !generatedBody || (head.args ?? []).length === 0 || !isImplied(head.value, head.location);
}

function isImplied(value: Term | undefined, location: Location): boolean {
  return value?.kind === 'boolean' && value.location === location;
}

interface Position {
  readonly row: number;
  readonly col: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Lines that hold a rule's head or an expression, in the shape of `opa test --coverage`. */
export interface Coverage {
  readonly covered_lines: number;
  readonly not_covered_lines: number;
  /** Percent of the lines. */
  readonly coverage: number;
}

export interface FileCoverage extends Coverage {
  readonly covered: readonly Range[];
  readonly not_covered: readonly Range[];
}

export interface CoverageReport extends Coverage {
  readonly files: Readonly<Record<string, FileCoverage>>;
}

/** Puts together what the places report. `reached` says for each whether it was evaluated. */
export function coverageReport(places: readonly Place[], reached: readonly boolean[]): CoverageReport {
  const byFile = new Map<string, { covered: Range[]; others: Range[] }>();
  for (const [i, { location, isDeclaration }] of places.entries()) {
    let file = byFile.get(location.file);
    if (file === undefined) {
      file = { covered: [], others: [] };
      byFile.set(location.file, file);
    }
    if (reached[i] === true) file.covered.push(rangeOf(location));
    else if (!isDeclaration) file.others.push(rangeOf(location));
  }
  const files: Record<string, FileCoverage> = Object.create(null);
  let [covered, missed] = [0, 0];
  for (const [name, ranges] of byFile) {
    const not_covered = sorted(
      ranges.others.filter((range) => !ranges.covered.some((outer) => contains(outer, range))),
    );
    const file = { covered: sorted(ranges.covered), not_covered };
    const lines = counted(rowCount(file.covered), rowCount(not_covered));
    files[name] = { ...file, ...lines };
    covered += lines.covered_lines;
    missed += lines.not_covered_lines;
  }
  return { files, ...counted(covered, missed) };
}

function counted(covered_lines: number, not_covered_lines: number): Coverage {
  const total = covered_lines + not_covered_lines;
  return { covered_lines, not_covered_lines, coverage: total === 0 ? 0 : (100 * covered_lines) / total };
}

function rangeOf({ row, col, text }: Location): Range {
  const lines = text.split('\n');
  const last = [...lines.at(-1)!].length;
  const end = lines.length === 1 ? { row, col: col + last } : { row: row + lines.length - 1, col: last + 1 };
  return { start: { row, col }, end };
}

function before(a: Position, b: Position): number {
  return a.row - b.row || a.col - b.col;
}

function contains(outer: Range, inner: Range): boolean {
  return before(outer.start, inner.start) <= 0 && before(outer.end, inner.end) >= 0;
}

function sorted(ranges: readonly Range[]): Range[] {
  return ranges.toSorted((a, b) => before(a.start, b.start) || before(a.end, b.end));
}

function rowCount(ranges: readonly Range[]): number {
  const rows = new Set<number>();
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row);
  return rows.size;
}
