import type { Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { RegoArray, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Machine, Step } from './machine.ts';

/** A body that cannot be evaluated in this order: after the safety check, none is. */
export class UnboundError extends Error {
  constructor(name: string) {
    super(`variable ${name} is not bound`);
  }
}

/** Makes a step from what follows it. Bodies are lists of these, linked from the end. */
export type Link = (next: Step) => Step;

/** Reads a value that is known to be there. */
export type Getter = () => Value;

export function link(links: readonly Link[], last: Step): Step {
  let step = last;
  for (let index = links.length - 1; index >= 0; index--) step = (links[index] as Link)(step);
  return step;
}

/** A step that is made when it is first run: most rules of a large policy never are. */
export function lazily(make: () => Step): Step {
  let step: Step | undefined;
  return () => {
    step ??= make();
    return step();
  };
}

/** The registers of one rule's (or query's) variables. */
export class Frame {
  readonly machine: Machine;
  readonly #slots = new Map<string, number>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  slot(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.fresh();
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** Registers of their own for the same variables: what is bound here is not touched. */
  sibling(): Frame {
    return new Frame(this.machine);
  }

  /** A register for a value without a name. */
  fresh(): number {
    return this.machine.registers.push(undefined) - 1;
  }
}

/**
 * A body while it is turned into steps: what was emitted, and which variables are bound after it. After the safety
 * check that is known when compiling, so no step ever asks whether a variable has a value.
 */
export class Block {
  readonly frame: Frame;
  readonly bound: Set<string>;
  readonly links: Link[] = [];
  /** Nobody can tell in which order the loops of this body go over sets (see {@link Quiet}). */
  anyOrder = false;
  /** Whether this is run once for each member of something. */
  loops = false;

  constructor(frame: Frame, bound: Iterable<string> = []) {
    this.frame = frame;
    this.bound = new Set(bound);
  }

  /** A nested body, which sees what is bound here. */
  child(): Block {
    const inner = new Block(this.frame, this.bound);
    inner.loops = this.loops;
    return inner;
  }

  get machine(): Machine {
    return this.frame.machine;
  }

  emit(next: Link): void {
    this.links.push(next);
  }

  link(last: Step): Step {
    return link(this.links, last);
  }

  /** Whether a term needs nothing that is not bound yet. Refs and comprehensions are never asked about. */
  isBound(term: Term): boolean {
    switch (term.kind) {
      case 'var':
        return this.bound.has(term.name);
      case 'array':
      case 'set':
        return term.items.every((item) => this.isBound(item));
      case 'object':
        return term.pairs.every(([key, value]) => this.isBound(key) && this.isBound(value));
      default:
        return true;
    }
  }

  /** The register of a term that is a bound variable. */
  slotOf(term: Term): number | undefined {
    return term.kind === 'var' && this.bound.has(term.name) ? this.frame.slot(term.name) : undefined;
  }

  /** Reads a bound term. */
  getter(term: Term): Getter {
    const constant = constantOf(term);
    if (constant !== undefined) return () => constant;
    const { registers } = this.machine;
    switch (term.kind) {
      case 'var': {
        if (!this.bound.has(term.name)) throw new UnboundError(term.name);
        return this.read(this.frame.slot(term.name));
      }
      case 'array': {
        const items = term.items.map((item) => this.getter(item));
        if (items.length === 2) {
          const [first, second] = items as [Getter, Getter];
          return () => new RegoArray([first(), second()]);
        }
        return () => {
          const values = new Array<Value>(items.length);
          for (let index = 0; index < items.length; index++) values[index] = (items[index] as Getter)();
          return new RegoArray(values);
        };
      }
      case 'set': {
        const items = term.items.map((item) => this.getter(item));
        return () => {
          const set = new RegoSet();
          for (const item of items) set.add(item());
          return set;
        };
      }
      case 'object': {
        const pairs = term.pairs.map(([key, value]) => [this.getter(key), this.getter(value)] as const);
        return () => {
          const object = new RegoObject();
          for (const [key, value] of pairs) object.set(key(), value());
          return object;
        };
      }
      default:
        throw new Error(`a ${term.kind} cannot be read (${registers.length})`);
    }
  }

  read(slot: number): Getter {
    const { registers } = this.machine;
    return () => registers[slot] as Value;
  }
}
