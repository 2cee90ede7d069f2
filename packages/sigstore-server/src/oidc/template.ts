/** A template that cannot be used; the message says why. */
export class TemplateError extends Error {}

/** Gives a claim's value by name; throws when there is none. */
export type Lookup = (claim: string) => string;

type Operand = { readonly claim: string } | { readonly text: string };
type Node =
  | Operand
  | {
      readonly left: Operand;
      readonly right: Operand;
      readonly equal: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Fills a template with claims. */
export type Template = (lookup: Lookup) => string;

const maxLength = 1024;
const maxActions = 32;

/**
 * Reads a template as Fulcio's identity configuration has them: a bare word is the name of a claim; otherwise text with
 * the actions of Go's `text/template` that such configurations need: `{{ .claim }}`, `{{ index . "claim" }}` (also in
 * parentheses) and `{{ if eq A B }}…{{ else }}…{{ end }}`, not nested.
 *
 * @throws TemplateError
 */
export function parseTemplate(source: string): Template {
  if (source.length === 0 || source.length > maxLength) {
    throw new TemplateError(`a template has 1 to ${maxLength} characters`);
  }
  if (!source.includes('{{')) return (lookup) => lookup(source);
  const parts = source.split(/\{\{(.*?)\}\}/s);
  if (parts.length > 2 * maxActions) throw new TemplateError(`a template has at most ${maxActions} actions`);
  const nodes: Node[] = [];
  let branch: { readonly equal: Node[]; readonly otherwise: Node[]; inElse: boolean } | undefined;
  const add = (node: Node) => {
    if (branch === undefined) nodes.push(node);
    else (branch.inElse ? branch.otherwise : branch.equal).push(node);
  };
  for (const [i, part] of parts.entries()) {
    const action = part.trim();
    if (i % 2 === 0) {
      if (/\{\{|\}\}/.test(part)) throw new TemplateError('a template has an action without end');
      if (part !== '') add({ text: part });
      continue;
    }
    const condition = /^if\s+eq\s+(.+)$/s.exec(action)?.[1];
    if (condition !== undefined) {
      if (branch !== undefined) throw new TemplateError('a template has a condition inside another');
      const [left, right, ...more] = operands(condition);
      if (left === undefined || right === undefined || more.length > 0) {
        throw new TemplateError('a condition is `if eq A B`');
      }
      branch = { equal: [], otherwise: [], inElse: false };
      nodes.push({ left, right, equal: branch.equal, otherwise: branch.otherwise });
    } else if (action === 'else') {
      if (branch === undefined || branch.inElse)
        throw new TemplateError('a template has an else without an if');
      branch.inElse = true;
    } else if (action === 'end') {
      if (branch === undefined) throw new TemplateError('a template has an end without an if');
      branch = undefined;
    } else {
      const [operand, ...more] = operands(action);
      if (operand === undefined || more.length > 0) throw new TemplateError('an action is one claim');
      add(operand);
    }
  }
  if (branch !== undefined) throw new TemplateError('a template has an if without an end');
  return (lookup) => fill(nodes, lookup);
}

function fill(nodes: readonly Node[], lookup: Lookup): string {
  const value = (operand: Operand): string => ('text' in operand ? operand.text : lookup(operand.claim));
  return nodes
    .map((node) =>
      'left' in node
        ? fill(value(node.left) === value(node.right) ? node.equal : node.otherwise, lookup)
        : value(node),
    )
    .join('');
}

/** `.claim`, `(index . "claim")` and `"text"`, one after the other. */
function operands(source: string): Operand[] {
  const found: Operand[] = [];
  const pattern =
    /\s*(?:\(\s*index\s+\.\s+"([^"]+)"\s*\)|index\s+\.\s+"([^"]+)"|\.([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)")/y;
  while (pattern.lastIndex < source.trimEnd().length) {
    const match = pattern.exec(source);
    if (match === null) throw new TemplateError('a template has an action that is not known here');
    const claim = match[1] ?? match[2] ?? match[3];
    found.push(claim === undefined ? { text: match[4]! } : { claim });
  }
  return found;
}
