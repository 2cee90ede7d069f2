import { satisfies } from '@pratique/inspect';

/** `libc6 (>= 2.36)`: a package, and what its version must be. */
export interface Relation {
  readonly name: string;
  /** Absent: of the same architecture, or of none. */
  readonly architecture: string | null;
  readonly version: { readonly operator: Operator; readonly value: string } | null;
}

type Operator = '<<' | '<=' | '=' | '>=' | '>>';

/** A relationship field (deb-control(5), Debian Policy §7.1): all of these, and of each any one. */
export type Relations = readonly (readonly Relation[])[];

/** A text is not a list of relations. Callers say where it stands. */
export class RelationError extends Error {}

const grammar =
  /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?\s*(?:\[[^\]]*\])?\s*(?:<[^>]*>\s*)*$/;
const maxRelations = 2000;

/** @throws RelationError */
export function parseRelations(field: string): Relations {
  const groups = field
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  if (groups.length > maxRelations) throw new RelationError(`more than ${maxRelations} relations`);
  return groups.map((group) => group.split('|').map((text) => parseRelation(text.trim())));
}

function parseRelation(text: string): Relation {
  const match = text.length > 1024 ? null : grammar.exec(text);
  if (match === null) throw new RelationError(`"${text.slice(0, 80)}" is not a relation`);
  const [, name, architecture, sign, value] = match;
  // The single signs are old spellings of "or equal".
  const operator = sign === '<' ? '<=' : sign === '>' ? '>=' : sign;
  return {
    name: name!,
    architecture: architecture ?? null,
    version: value === undefined ? null : { operator: operator as Operator, value },
  };
}

/** Whether a version is one that the relation accepts. */
export function acceptsVersion({ version }: Relation, found: string): boolean {
  if (version === null) return true;
  // `<<` and `>>` are Debian's words for the strict ones.
  const { operator, value } = version;
  const strict = operator === '<<' ? '<' : operator === '>>' ? '>' : operator;
  return satisfies('deb', found, strict, value);
}

/** As it is written in a control file. */
export function relationText({ name, version }: Relation): string {
  return version === null ? name : `${name} (${version.operator} ${version.value})`;
}
