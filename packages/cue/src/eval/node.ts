import type { Expression, Presence } from '../syntax/ast.ts';
import type { Place } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { Kind, type Scalar } from '../values/scalar.ts';
import type { Check } from './checks.ts';
import type { Evidence, Group, Standing } from './closedness.ts';

/** Where names are looked up: a node whose fields they are, or what a clause or a pattern binds. */
export interface Environment {
  readonly up: Environment | null;
  readonly node: Node | null;
  /** `let`s of one literal: they are of it alone, and no part of the node. */
  readonly lets: Map<string, Node>;
  readonly bindings: ReadonlyMap<string, Node> | null;
}

/** One of the things that a node has to be. */
export interface Conjunct {
  readonly env: Environment | null;
  readonly expression: Expression | { readonly type: 'data'; readonly value: Concrete };
  readonly standing: Standing;
  /** The nodes through which it came, here or above: what would come through one of them again has no end. */
  readonly via: readonly Node[];
  /** Those of them through which it came here, and not above: none of them is in itself. */
  readonly here?: readonly Node[] | undefined;
  /** Of data: it came here or above by a reference. */
  readonly referred?: boolean;
}

export interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** What a literal says of the length of a list. */
export interface ListShape {
  readonly elements: readonly Conjunct[];
  /** What further elements are; null where there are none. */
  readonly rest: Conjunct | 'anything' | null;
}

export interface Pattern {
  readonly env: Environment;
  readonly expression: Expression;
  /** The constraint on the field of that label. */
  readonly constraint: (label: string) => Conjunct;
}

/**
 * A place in the tree of values: the conjuncts that others gave to it, and, once it is expanded, what follows from them
 * at this level. Its fields are nodes that are expanded when something asks.
 */
export class Node {
  readonly parent: Node | null;
  readonly label: string;
  readonly depth: number;
  presence: Presence;
  readonly conjuncts: Conjunct[] = [];
  state: 'new' | 'expanding' | 'done' = 'new';
  /** Somebody has read the conjuncts, or found the node to be no member: more of them come too late. */
  read = false;
  /** It is one of the alternatives of a disjunction. */
  choice = false;
  /** It refers to itself. */
  circular = false;
  /** It refers to what it is part of. */
  cyclic = false;
  /** A pattern beside it says something of it. */
  patterned = false;

  kinds: number = Kind.top;
  scalar: Scalar | null = null;
  readonly checks: Check[] = [];
  /** It is a struct, and not only what could be one. */
  struct = false;
  #fields: Map<string, Node> | undefined;
  elements: Node[] | null = null;
  /** It is `_`, or a validator of whatever there is. */
  anything = false;
  /** The list has no more elements than these. */
  closedList = false;
  /** Something it has to be is not known yet. CUE does not count that as an error. */
  incomplete = false;
  /** What is not known waits for itself. */
  cycle = false;
  /** Something has asked for its value before there was one, and taken it for a cycle. */
  awaited = false;
  /** That is said where a reference leads, and not here. */
  elsewhere = false;
  readonly problems: Problem[] = [];
  groups: Group[] = [];
  #evidence: Map<Group, Evidence> | undefined;
  #missed: Set<string> | undefined;

  /** Of a disjunction: what is left of it. */
  alternatives: Node[] | null = null;
  /** Of several alternatives: the one that is taken where one has to be. */
  preferred: Node | 'unclear' | null = null;
  verdict: Problem | null | 'pending' | undefined;
  /** A required field in it cannot be, which is not asked of the document but of what looks into it. */
  overlooked = false;
  /** A part of it has been compared with `_|_` before all of it was there. */
  probed = false;
  /** What it is depends on whether a field of an optional one is there. CUE then keeps an error that rules nothing out. */
  doubtful = false;

  constructor(parent: Node | null, label: string, presence: Presence = 'member') {
    this.parent = parent;
    this.label = label;
    this.presence = presence;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  // Most nodes are scalars, which have none of these.

  get fields(): ReadonlyMap<string, Node> {
    return this.#fields ?? noFields;
  }

  addField(label: string, field: Node): void {
    this.#fields ??= new Map();
    this.#fields.set(label, field);
  }

  get evidence(): ReadonlyMap<Group, Evidence> {
    return this.#evidence ?? noEvidence;
  }

  addEvidence(group: Group, evidence: Evidence): void {
    this.#evidence ??= new Map();
    this.#evidence.set(group, evidence);
  }

  /** Labels that were looked for in vain while the node was being expanded. */
  get missed(): ReadonlySet<string> {
    return this.#missed ?? noLabels;
  }

  addMissed(label: string): void {
    this.#missed ??= new Set();
    this.#missed.add(label);
  }

  /** The node itself, or the only alternative that is left of its disjunctions. */
  get settled(): Node {
    return this.alternatives?.length === 1 ? this.alternatives[0]!.settled : this;
  }

  get path(): readonly string[] {
    return this.parent === null ? [] : [...this.parent.path, this.label.slice(1)];
  }

  fail(message: string, at?: Place): void {
    const where = at === undefined ? '' : ` (${placeText(at)})`;
    this.problems.push({ path: this.path, message: `${message}${where}` });
  }
}

const noFields: ReadonlyMap<string, Node> = new Map();
const noEvidence: ReadonlyMap<Group, Evidence> = new Map();
const noLabels: ReadonlySet<string> = new Set();

export function placeText({ source, offset }: Place): string {
  const { file, row, col } = source.location(offset);
  return `${file}:${row}:${col}`;
}

export const bind = (up: Environment | null, bindings: ReadonlyMap<string, Node>): Environment => ({
  up,
  node: null,
  lets: new Map(),
  bindings,
});
