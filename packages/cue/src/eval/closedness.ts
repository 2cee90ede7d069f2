import { CueError } from '../errors.ts';
import { isRegular, nameOf } from '../values/label.ts';
import type { Node } from './node.ts';

/**
 * What closes a struct: a reference to a definition, `close`, or a literal that embeds one of those. A field is
 * allowed where one of its conjuncts comes from there.
 */
export interface Group {
  required: boolean;
  /** Closes what is below as well, as definitions do. */
  recursive: boolean;
  /** CUE may be less strict: a field that is not allowed is then nothing this evaluator can answer. */
  unsure: boolean;
  /** It is a literal that something embedded closes: CUE lets data pass that comes to it by a reference. */
  readonly embedding: boolean;
}

/** How a conjunct stands to the groups: which it comes from, and the literal that an embedding in it closes. */
export interface Standing {
  readonly groups: readonly Group[];
  readonly outer: Group | null;
  readonly embedded: boolean;
  /** It is one side of an embedded `&`. */
  readonly conjoined: boolean;
}

/** What the conjuncts of one group say at one node. */
export interface Evidence {
  /** `_`, which opens where there is no struct besides. */
  top: boolean;
  struct: boolean;
  /** `...` */
  ellipsis: boolean;
  /** A validator or `!=`, which opens in some cases. */
  validator: boolean;
}

export const free: Standing = { groups: [], outer: null, embedded: false, conjoined: false };

export const newGroup = (
  required: boolean,
  recursive: boolean,
  { unsure = false, embedding = false } = {},
): Group => ({
  required,
  recursive,
  unsure,
  embedding,
});

export const below = ({ groups }: Standing): Standing => ({ ...free, groups });

export function witness(node: Node, { groups }: Standing, what: keyof Evidence | null): void {
  for (const group of groups) {
    const known = node.evidence.get(group) ?? {
      top: false,
      struct: false,
      ellipsis: false,
      validator: false,
    };
    if (what !== null) known[what] = true;
    node.addEvidence(group, known);
  }
}

/** The groups that say which fields the node may have, once all above it is expanded. */
export function groupsOf(node: Node): readonly Group[] {
  const opened = (group: Group) => {
    const evidence = node.evidence.get(group);
    return evidence?.top === true && !evidence.struct;
  };
  const inherited = node.parent === null ? [] : groupsOf(node.parent);
  return [
    ...inherited.filter((group) => group.recursive && node.evidence.has(group) && !opened(group)),
    ...node.groups.filter((group) => group.required && !opened(group)),
  ];
}

/** The first field that is not allowed, and whether CUE may see it otherwise. */
export function forbiddenField(node: Node): { name: string; unsure: boolean } | null {
  if (![...node.fields.keys()].some(isRegular) && node.elements === null) return null;
  for (let at = node.parent; at !== null; at = at.parent)
    if (at.state !== 'done')
      throw new CueError(
        'cue_unsupported_error',
        `a struct that is read this early is not supported: ${node.path.join('.')}`,
      );
  // CUE closes what stands below a value that is not wholly known in ways of its own.
  for (let at = node.parent; at !== null; at = at.parent)
    if (at.incomplete && groupsOf(at).some(({ recursive }) => recursive))
      throw new CueError(
        'cue_unsupported_error',
        `closedness below what is not known is not supported: ${node.path.join('.')}`,
      );
  const groups = groupsOf(node);
  if (groups.length === 0) return null;
  // The elements of a list beside a literal of a struct need a place in it, too.
  if (
    node.elements?.some(({ evidence }) => groups.some((group) => !evidence.has(group))) &&
    groups.some((group) => node.evidence.get(group)?.struct)
  )
    throw new CueError(
      'cue_unsupported_error',
      `closedness of a list is not supported: ${node.path.join('.')}`,
    );
  for (const [label, field] of node.fields) {
    if (!isRegular(label) || field.presence === 'optional') continue;
    if (field.circular)
      throw new CueError(
        'cue_unsupported_error',
        `a reference to itself in what is closed is not supported: ${field.path.join('.')}`,
      );
    for (const group of groups) {
      const evidence = node.evidence.get(group);
      if (evidence?.ellipsis || field.conjuncts.some(({ standing }) => standing.groups.includes(group)))
        continue;
      return {
        name: nameOf(label),
        unsure:
          groups.some(({ unsure }) => unsure) ||
          validatedAbove(node, group) ||
          evidence?.top === true ||
          field.settled.incomplete ||
          (group.embedding && openedAbove(node, group)) ||
          (group.embedding && field.conjuncts.every(({ referred }) => referred)),
      };
    }
  }
  return null;
}

/** Whether a validator, or `!=`, may open what a group closes, there or somewhere above. */
function validatedAbove(node: Node, group: Group): boolean {
  for (let at: Node | null = node; at !== null; at = at.parent)
    if (at.evidence.get(group)?.validator) return true;
  return false;
}

/** Whether `...` opens what a group closes somewhere above. */
function openedAbove(node: Node, group: Group): boolean {
  for (let at = node.parent; at !== null; at = at.parent) if (at.evidence.get(group)?.ellipsis) return true;
  return false;
}
