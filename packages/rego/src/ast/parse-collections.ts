import { parseQuery } from './parse-body.ts';
import { parseIn, parseInfixInList, parseTerm } from './parse-terms.ts';
import { type Parser, place } from './parser.ts';
import { T, TOKEN_NAMES } from './tokens.ts';
import type { Body, Location, Term } from './types.ts';
import { uniqueItems } from './unique.ts';

/** Members up to `end`; a comma may trail. */
export function parseList(p: Parser, end: number, list: Term[]): Term[] | undefined {
  while (p.tok !== end) {
    const term = parseIn(p, undefined, false, p.start);
    if (term === undefined) return undefined;
    list.push(term);
    if (!separated(p, end)) return undefined;
  }
  return list;
}

/** After a member: steps over a comma. False, with an error, where neither a comma nor the end follows. */
function separated(p: Parser, end: number): boolean {
  if (p.tok === end) return true;
  if (p.tok !== T.Comma) {
    p.illegal(`expected "," or "${TOKEN_NAMES[end]}"`);
    return false;
  }
  p.scan();
  return true;
}

export function parseArray(p: Parser): Term | undefined {
  const location = p.loc();
  const offset = p.start;
  const done = (term: Term | undefined): Term | undefined =>
    term === undefined ? undefined : place(p, term, location, offset, p.tokEnd);
  const array = (items: Term[] | undefined): Term | undefined =>
    done(items === undefined ? undefined : { kind: 'array', items, location });

  p.scan();
  if (p.tok === T.RBrack) return array([]);
  const leadingComma = p.tok === T.Comma;
  if (leadingComma) p.scan();
  const start = p.start;
  const saved = p.save();
  // A single term first: in `[x | …]` the bar begins a comprehension, not a union.
  const head = parseTerm(p);
  if (head === undefined) return undefined;
  if (p.tok === T.Or && !leadingComma) {
    p.scan();
    const body = parseNestedBody(p, T.RBrack);
    if (body !== undefined) return done({ kind: 'arrayComprehension', term: head, body, location });
    if (!p.at(T.Comma)) return undefined;
    p.restore(saved);
    return array(parseList(p, T.RBrack, []));
  }
  return array(continueList(p, head, start, T.RBrack));
}

/** The rest of a list whose first member begins with the term `head`, which started at `offset`. */
function continueList(p: Parser, head: Term, offset: number, end: number): Term[] | undefined {
  const first = parseIn(p, head, false, offset);
  if (first === undefined || !separated(p, end)) return undefined;
  return parseList(p, end, [first]);
}

/** A body in brackets or braces. */
export function parseNestedBody(p: Parser, end: number): Body | undefined {
  p.enter();
  const body = parseQuery(p, false, end);
  p.leave();
  return body;
}

/** `{…}` as a term: object, set, or comprehension of either. */
export function parseBraces(p: Parser): Term | undefined {
  const location = p.loc();
  const offset = p.start;
  const term = parseBracesInner(p, location);
  return term === undefined ? undefined : place(p, term, location, offset, p.tokEnd);
}

function parseBracesInner(p: Parser, location: Location): Term | undefined {
  p.scan();
  if (p.tok === T.RBrace) return { kind: 'object', pairs: [], location };
  const comprehension = p.tok !== T.Comma;
  if (!comprehension) p.scan();
  const start = p.start;
  const saved = p.save();
  let head = parseTerm(p);
  if (head === undefined) return undefined;
  if (p.tok === T.Or && comprehension) {
    p.scan();
    const body = parseNestedBody(p, T.RBrace);
    if (body !== undefined) return { kind: 'setComprehension', term: head, body, location };
    if (!p.at(T.Comma)) return undefined;
    p.restore(saved);
    return setOf(parseList(p, T.RBrace, []), location);
  }
  if (p.tok === T.Colon) return parseObject(p, head, comprehension, location);
  head = parseIn(p, head, false, start);
  if (head === undefined) return undefined;
  if (p.tok === T.Colon) return parseObject(p, head, comprehension, location);
  if (p.tok === T.RBrace || p.tok === T.Comma) {
    if (p.tok === T.Comma) p.scan();
    return setOf(parseList(p, T.RBrace, [head]), location);
  }
  p.illegal('non-terminated set');
  return undefined;
}

function setOf(items: Term[] | undefined, location: Location): Term | undefined {
  return items === undefined ? undefined : { kind: 'set', items: uniqueItems(items), location };
}

function parseObject(p: Parser, key: Term, comprehension: boolean, location: Location): Term | undefined {
  p.scan();
  const start = p.start;
  const saved = p.save();
  const first = parseTerm(p);
  if (first === undefined) return undefined;
  if (comprehension && (p.tok === T.RBrace || p.tok === T.Comma)) {
    const object = finishObject(p, key, first, location);
    if (object !== undefined) return object;
    p.restore(saved);
  } else {
    let value: Term | undefined = first;
    if (comprehension && p.tok === T.Or) {
      p.scan();
      const body = parseNestedBody(p, T.RBrace);
      if (body !== undefined) return { kind: 'objectComprehension', key, value: first, body, location };
      p.restore(saved);
      value = parseInfixInList(p);
    } else value = parseIn(p, first, false, start);
    if (value === undefined) return undefined;
    if (p.tok === T.RBrace || p.tok === T.Comma) {
      const object = finishObject(p, key, value, location);
      if (object !== undefined) return object;
      return undefined;
    }
  }
  p.illegal('non-terminated object');
  return undefined;
}

/** The rest of an object after its first pair. */
function finishObject(p: Parser, key: Term, value: Term, location: Location): Term | undefined {
  const pairs: [Term, Term][] = [[key, value]];
  if (p.tok === T.Comma) {
    p.scan();
    while (!p.at(T.RBrace)) {
      const nextKey = parseInfixInList(p);
      if (nextKey === undefined) return undefined;
      if (!p.at(T.Colon)) {
        p.illegal('expected ":"');
        return undefined;
      }
      p.scan();
      const nextValue = parseInfixInList(p);
      if (nextValue === undefined) return undefined;
      pairs.push([nextKey, nextValue]);
      if (!separated(p, T.RBrace)) return undefined;
    }
  }
  return { kind: 'object', pairs, location };
}
