import { isCallOf, kindName } from './nodes.ts';
import { parseList } from './parse-collections.ts';
import { parseInfix } from './parse-terms.ts';
import { type Parser, place } from './parser.ts';
import { T } from './tokens.ts';
import type { Ref, Term } from './types.ts';

/** Steps over the head of a term and reads the ref or call that it may begin. */
export function finishTerm(p: Parser, head: Term | undefined): Term | undefined {
  if (head === undefined) return undefined;
  const offset = p.start;
  return p.scanPart() ? parseRef(p, head, offset) : rootAsRef(head);
}

/** `input` and `data` are refs even alone. */
export function rootAsRef(head: Term): Term {
  if (head.kind !== 'var' || (head.name !== 'input' && head.name !== 'data')) return head;
  return { kind: 'ref', terms: [head], location: head.location };
}

/** What follows a head, at the first token of it: `.name`, `[term]` and `(arguments)` in any number. */
export function parseRef(p: Parser, head: Term, offset: number): Term | undefined {
  const at = head.location;
  switch (head.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'ref':
    case 'templateString':
      p.error(at, `illegal ref (head cannot be ${kindName(head)})`);
  }
  const terms: Term[] = [head];
  for (;;) {
    switch (p.tok) {
      case T.Dot:
        p.scanWhitespace();
        if (!p.at(T.Ident) && p.tok < T.Package) {
          p.illegal('expected identifier');
          return undefined;
        }
        terms.push({ kind: 'string', value: p.lit, location: p.loc() });
        break;
      case T.LBrack: {
        p.scan();
        const index = parseInfix(p);
        if (index === undefined) return undefined;
        if (!p.at(T.RBrack)) {
          p.illegal('expected [');
          return undefined;
        }
        terms.push(index);
        break;
      }
      case T.LParen: {
        const operator: Ref = place(p, { kind: 'ref', terms, location: at }, at, offset, p.start);
        const call = parseCall(p, operator, offset);
        if (call === undefined) return undefined;
        if (!p.scanPart() || p.at(T.LParen)) return call;
        const term = parseRef(p, call, offset);
        return term === undefined ? undefined : place(p, term, at, offset, p.lastEnd);
      }
    }
    if (!p.scanPart()) return place(p, { kind: 'ref', terms, location: at }, at, offset, p.lastEnd);
  }
}

/** A call up to its closing parenthesis, which is left the current token. */
function parseCall(p: Parser, operator: Ref, offset: number): Term | undefined {
  const at = operator.location;
  p.scan();
  let args: Term[] | undefined = [];
  if (p.tok !== T.RParen) {
    args = parseList(p, T.RParen, args);
    if (args === undefined) return undefined;
  }
  const end = p.tokEnd;
  const made: Term = { kind: 'call', operator, args, location: at };
  if (args.length === 0 && isCallOf(made, 'set'))
    return place(p, { kind: 'set', items: [], location: at }, at, offset, end);
  return place(p, made, at, offset, end);
}
