import { BUILTIN_NAMES } from './builtin-names.ts';
import { headOfRef, isCallOf, kindName, trueBody, trueTerm } from './nodes.ts';
import { refText } from './print.ts';
import type { Body, Head, Location, Rule, Term } from './types.ts';

/** A rule, or why the statement is none. */
type Outcome = Rule | string;

/** Reads a top-level statement without a body as the rule it stands for: `p := 1`, `p[x]`, `f(x) = y`, `f(x)`. */
export function ruleFromBody(body: Body): Outcome {
  const rule = ruleFromStatement(body);
  if (typeof rule !== 'string') rule.generatedBody = true;
  return rule;
}

function ruleFromStatement(body: Body): Outcome {
  const expr = body[0]!;
  if (body.length !== 1) return 'multiple expressions cannot be used for rule head';
  if (expr.with.length > 0) return 'expressions using with keyword cannot be used for rule head';
  if (expr.negated) return 'negated expressions cannot be used for rule head';
  const { terms } = expr;
  switch (terms.kind) {
    case 'some':
      return "'some' declarations cannot be used for rule head";
    case 'every':
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
      return 'expression cannot be used for rule head';
    case 'ref':
      return ruleFromRef(terms.terms, terms.location);
    case 'call':
      break;
    default:
      return `${kindName(terms)} cannot be used for rule name`;
  }
  const isAssignment = isCallOf(terms, 'assign');
  if (isAssignment || isCallOf(terms, 'eq')) {
    const [lhs, rhs] = terms.args;
    if (lhs === undefined || rhs === undefined) return 'assignment requires two operands';
    const rule = ruleFromEquation(lhs, rhs);
    if (typeof rule === 'string') return rule;
    rule.head.assign = isAssignment;
    rule.location = expr.location;
    rule.head.location = expr.location;
    return rule;
  }
  const ref = terms.operator.terms;
  if (BUILTIN_NAMES.has(refText(ref))) return 'rule name conflicts with built-in function';
  if (terms.args.length === 0) return 'rule argument list must take at least one argument';
  if (ref[0]?.kind !== 'var') return `invalid rule head: ${refText(ref)}`;
  const { location } = terms.operator;
  return makeRule({ ...headOfRef(ref), args: terms.args, value: trueTerm(location) }, location, location);
}

function makeRule(head: Head, location: Location, bodyLocation: Location): Rule {
  return {
    kind: 'rule',
    default: false,
    head: { ...head, location },
    body: trueBody(bodyLocation),
    generatedBody: true,
    else: undefined,
    annotations: [],
    location,
  };
}

/** `p[x]` is a partial set, `p.q.r` a complete rule that is true. */
function ruleFromRef(ref: Term[], location: Location): Outcome {
  const [first, second] = ref;
  if (second === undefined) return 'refs cannot be used for rule head';
  if (first?.kind !== 'var') return `invalid rule head: ${refText(ref)}`;
  if (ref.length === 2) return makeRule({ ...headOfRef([first]), key: second }, location, location);
  return makeRule({ ...headOfRef(ref), value: trueTerm(location), generatedValue: true }, location, location);
}

function ruleFromEquation(lhs: Term, rhs: Term): Outcome {
  const at = rhs.location;
  if (lhs.kind === 'call') {
    const ref = lhs.operator.terms;
    if (ref[0]?.kind === 'var')
      return makeRule({ ...headOfRef(ref), args: lhs.args, value: rhs }, lhs.location, at);
    return 'call cannot be used for rule name';
  }
  if (lhs.kind === 'var') return makeRule({ ...headOfRef([lhs]), value: rhs }, lhs.location, at);
  if (lhs.kind !== 'ref') return `${kindName(lhs)} cannot be used for rule name`;
  const [first, second] = lhs.terms;
  if (first?.kind !== 'var') return `invalid rule head: ${refText(lhs.terms)}`;
  const head = { ...headOfRef(lhs.terms), value: rhs };
  if (lhs.terms.length === 2) {
    head.name = first.name;
    head.key = second;
  }
  return makeRule(head, at, at);
}

/** What v1 asks of a rule beyond what v0 does (`v1/ast/rego_v1.go`), checked on the rule as it was written. */
export function checkV1(rule: Rule, isKeyword: (name: string) => boolean): string[] {
  const { head } = rule;
  const problems: string[] = [];
  const what = (head.args ?? []).length > 0 ? 'function' : 'rule';
  if (head.ref.length < 2 && isKeyword(head.name))
    problems.push(`${head.name} keyword cannot be used for rule name`);
  if (rule.generatedBody && head.generatedValue) {
    problems.push(`${what} must have value assignment and/or body declaration`);
  }
  if (!rule.generatedBody && !head.hasIf && !rule.default) {
    problems.push(`\`if\` keyword is required before ${what} body`);
  }
  if (head.value === undefined && head.key !== undefined && !head.hasContains) {
    problems.push('`contains` keyword is required for partial set rules');
  }
  return problems;
}
