import { bodyJson, exprJson, goString, ruleJson, termsJson } from '../ast/json.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import type { Location } from '../ast/types.ts';
import { equalityExpr, walkAll } from '../compiler/tree.ts';
import type { TracedNode, TraceEvent } from '../topdown/events.ts';
import type { Term } from '../topdown/terms.ts';
import { toSource } from '../topdown/to-source.ts';

/**
 * Events as the JSON that `opa eval --explain … --format json` has in `explanation`, on one line. The places in
 * `LocalMetadata` are those of the variables in the event's own node, and null for others.
 */
export function traceJson(events: readonly TraceEvent[], original: (name: string) => string): string {
  return `[${events.map((event) => eventJson(event, original)).join(',')}]`;
}

function eventJson(event: TraceEvent, original: (name: string) => string): string {
  const { operation, node, location, queryId, parentId, message, ref } = event;
  const isNote = operation === 'Note';
  const members = [
    ['Op', goString(operation)],
    ['Node', node === undefined ? 'null' : nodeJson(node)],
    ['Location', locationJson(location)],
    ['QueryID', String(queryId)],
    ['ParentID', String(parentId)],
    ['Locals', isNote ? 'null' : localsJson(event)],
    ['LocalMetadata', isNote ? 'null' : metadataJson(event, original)],
    ['Message', goString(message)],
    ['Ref', ref === undefined ? 'null' : termsJson(ref.terms.map(toSource))],
  ];
  return `{${members.map(([name, json]) => `"${name}":${json}`).join(',')}}`;
}

function nodeJson(node: TracedNode): string {
  switch (node.kind) {
    case 'body':
      return bodyJson(node.body.map(({ source }) => source));
    case 'rule':
      return ruleJson({ ...node.rule.source, body: node.rule.body.map(({ source }) => source) });
    case 'expr':
      return exprJson(node.expr.source);
    case 'unify':
      return exprJson(equalityExpr(toSource(node.left), toSource(node.right), NO_LOCATION));
  }
}

function locationJson(location: Location | undefined): string {
  if (location === undefined || location.row === 0) return 'null';
  return `{"file":${goString(location.file)},"row":${location.row},"col":${location.col}}`;
}

function localsJson({ locals }: TraceEvent): string {
  if (locals === undefined || locals.size === 0) return 'null';
  const items = [...locals].map(([name, term]: readonly [string, Term]) => {
    const json = termsJson([toSource(term)]).slice(1, -1);
    return `{"name":${goString(name)},${json.slice(1)}`;
  });
  return `[${items.join(',')}]`;
}

function metadataJson({ locals, node }: TraceEvent, original: (name: string) => string): string {
  const places = new Map<string, Location | undefined>();
  for (const name of locals?.keys() ?? []) places.set(name, undefined);
  walkAll(sourcesOf(node), (part) => {
    if (part.kind !== 'var') return false;
    if (original(part.name) !== part.name || places.has(part.name)) {
      places.set(part.name, places.get(part.name) ?? part.location);
    }
    return false;
  });
  const items = [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, place]) => {
      const shown = `{"name":${goString(original(name))},"location":${locationJson(place)}}`;
      return `${goString(name)}:${shown}`;
    });
  return `{${items.join(',')}}`;
}

function sourcesOf(node: TracedNode | undefined): Parameters<typeof walkAll>[0] {
  switch (node?.kind) {
    case 'body':
      return node.body.map(({ source }) => source);
    case 'rule':
      return node.rule.source.body;
    case 'expr':
      return [node.expr.source];
    default:
      return [];
  }
}
