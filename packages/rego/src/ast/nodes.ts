import type { Body, Expr, Head, Location, Term } from './types.ts';

/** The location of what the parser makes up without giving it a place (an implied `true`). */
export const NO_LOCATION: Location = { file: '', row: 0, col: 0, offset: 0, text: '' };

export function newExpr(terms: Expr['terms'], location: Location = NO_LOCATION): Expr {
  return { kind: 'expr', terms, with: [], negated: false, index: 0, location };
}

export function bodyOf(expr: Expr): Body {
  expr.index = 0;
  return [expr];
}

export function trueTerm(location: Location): Term {
  return { kind: 'boolean', value: true, location };
}

/** The body `true` of a rule that has none. */
export function trueBody(location: Location): Body {
  return [newExpr(trueTerm(location), location)];
}

export function headOfRef(ref: Term[]): Head {
  const first = ref[0];
  return {
    name: ref.length === 1 && first?.kind === 'var' ? first.name : '',
    ref,
    args: undefined,
    key: undefined,
    value: undefined,
    assign: false,
    generatedValue: false,
    hasIf: false,
    hasContains: false,
    location: NO_LOCATION,
  };
}

/** What OPA calls a term of this kind in its messages. */
export function kindName(term: Term): string {
  return term.kind.toLowerCase();
}

export function isWildcard(term: Term): boolean {
  return term.kind === 'var' && term.name.startsWith('$');
}

/** Whether `term` is a call of the function with the one-word name `name`. */
export function isCallOf(term: Expr['terms'], name: string): boolean {
  if (term.kind !== 'call' || term.operator.terms.length !== 1) return false;
  const operator = term.operator.terms[0]!;
  return operator.kind === 'var' && operator.name === name;
}

/** The dotted name of a call's operator (`io.jwt.decode`), or undefined where it is no plain path. */
export function operatorName(operator: Term): string | undefined {
  if (operator.kind !== 'ref') return undefined;
  const { terms } = operator;
  const head = terms[0];
  if (head?.kind !== 'var') return undefined;
  let { name } = head;
  for (let i = 1; i < terms.length; i++) {
    const term = terms[i] as Term;
    if (term.kind !== 'string') return undefined;
    name += `.${term.value}`;
  }
  return name;
}

/** Whether no variable occurs in the term; the head of a ref does not count. */
export function isGround(term: Term): boolean {
  switch (term.kind) {
    case 'var':
    case 'templateString':
      return false;
    case 'ref':
      return term.terms.every((part, i) => i === 0 || isGround(part));
    case 'call':
      return isGround(term.operator) && term.args.every(isGround);
    case 'array':
    case 'set':
      return term.items.every(isGround);
    case 'object':
      return term.pairs.every(([key, value]) => isGround(key) && isGround(value));
    case 'arrayComprehension':
    case 'setComprehension':
      return isGround(term.term) && isGroundBody(term.body);
    case 'objectComprehension':
      return isGround(term.key) && isGround(term.value) && isGroundBody(term.body);
    default:
      return true;
  }
}

function isGroundBody(body: Body): boolean {
  return body.every(({ terms }) => {
    switch (terms.kind) {
      case 'some':
      case 'every':
        return true;
      case 'not':
        return isGroundBody(terms.body);
      case 'logicalAnd':
      case 'logicalOr':
        return isGroundBody(terms.lhs) && isGroundBody(terms.rhs);
      case 'call':
        return terms.args.every(isGround);
      default:
        return isGround(terms);
    }
  });
}
