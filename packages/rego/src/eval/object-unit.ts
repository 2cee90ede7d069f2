import type { Rule, Term } from '../ast/types.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import { equal, RegoObject, RegoSet, type Value } from '../values/index.ts';
import { Block, Frame, type Getter, lazily } from './block.ts';
import { Constant } from './constant.ts';
import { conflict, MESSAGES } from './faults.ts';
import { ABSENT, type Step, toCached } from './machine.ts';
import { match } from './match.ts';
import { type Plan, planBody } from './planner.ts';
import { planPath } from './refs.ts';
import { canMatchFirst, memberKey } from './set-unit.ts';
import { Deferral, stackWeight } from './settle.ts';
import { isMultiValue, type Unit } from './units.ts';

/** The rules of one branch chain, as steps that add to the object under construction. */
interface Writer {
  readonly branches: readonly Step[];
  readonly fallback: boolean;
}

/**
 * `p[x] := y`, `p[x].q[z] contains w`, and whatever rules stand inside the extent of such a one: an object which
 * all of them fill.
 */
export class ObjectUnit implements Unit {
  readonly #plan: Plan;
  readonly #rules: readonly CompiledRule[];
  readonly #id: number;
  readonly #constant: Constant<Value> | undefined;
  /** Where in a rule's path the keys of this object begin. */
  readonly #depth: number;
  readonly #key: number;
  #root = new RegoObject();
  /** Members that rules gave a value: nothing may be added inside them. */
  #leaves = new Set<Value>();
  #produced = false;
  #weight = 0;
  #full: readonly Writer[] | undefined = undefined;
  #single: readonly Writer[] | undefined = undefined;

  constructor(plan: Plan, rules: readonly CompiledRule[], depth: number, id: number) {
    this.#plan = plan;
    this.#rules = rules;
    this.#depth = depth;
    this.#id = id;
    this.#constant = plan.purity.rules(rules) ? new Constant(plan.machine) : undefined;
    this.#key = plan.machine.registers.push(undefined) - 1;
  }

  value(): Value {
    return this.#constant === undefined ? this.#cached() : this.#constant.get(() => this.#cached());
  }

  #cached(): Value {
    const { machine } = this.#plan;
    const cache = machine.unitCache(this.#id);
    if (cache.full !== undefined) return cache.full as Value;
    this.#weight ||= stackWeight(this.#rules);
    const { swallowed } = machine;
    if (!machine.enter(this.#weight)) throw this.#deferral();
    this.#full ??= this.#rules.map((rule) => this.#compile(rule, false));
    const object = this.#run(this.#full);
    machine.leave(this.#weight, cache, swallowed);
    cache.full = object;
    return object;
  }

  #deferral(): Deferral {
    return new Deferral(this.#plan.machine, () => this.value());
  }

  /** One member, without making all of the object. */
  member(key: Value): Value | undefined {
    const { machine } = this.#plan;
    const made = this.#constant?.made;
    if (made !== undefined) return (made as RegoObject).get(key);
    const cache = machine.unitCache(this.#id);
    if (cache.full !== undefined) return (cache.full as RegoObject).get(key);
    cache.members ??= new Map();
    const id = memberKey(key);
    const known = cache.members.get(id);
    if (known !== undefined) return known === ABSENT ? undefined : known;
    this.#weight ||= stackWeight(this.#rules);
    const { swallowed } = machine;
    if (!machine.enter(this.#weight)) throw this.#memberDeferral(key);
    this.#single ??= this.#rules.map((rule) => this.#compile(rule, true));
    const value = this.#run(this.#single, key).get(key);
    machine.leave(this.#weight, cache, swallowed);
    cache.members.set(id, toCached(value));
    return value;
  }

  #memberDeferral(key: Value): Deferral {
    return new Deferral(this.#plan.machine, () => this.member(key));
  }

  planRead(plan: Plan, block: Block, terms: readonly Term[], at: number, out: number): void {
    const { registers } = plan.machine;
    const key = terms[at];
    if (key !== undefined && block.isBound(key)) {
      const get = block.getter(key);
      block.emit((next) => () => {
        const value = this.member(get());
        if (value === undefined) return false;
        registers[out] = value;
        return next();
      });
      planPath(plan, block, terms, at + 1, out, out);
      return;
    }
    block.emit((next) => () => {
      registers[out] = this.value();
      return next();
    });
    planPath(plan, block, terms, at, out, out);
  }

  #run(writers: readonly Writer[], key?: Value): RegoObject {
    const { machine } = this.#plan;
    machine.tick();
    const root = new RegoObject();
    this.#root = root;
    this.#leaves = new Set();
    for (const fallback of [false, true]) {
      for (const writer of writers) {
        if (writer.fallback !== fallback) continue;
        for (const branch of writer.branches) {
          this.#produced = false;
          if (key !== undefined) machine.registers[this.#key] = key;
          branch();
          if (this.#produced) break;
        }
      }
    }
    return root;
  }

  #compile(rule: CompiledRule, single: boolean): Writer {
    const branches: Step[] = [];
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      const current = branch;
      branches.push(lazily(() => this.#compileBranch(rule, current, single)));
    }
    return { branches, fallback: rule.default };
  }

  #compileBranch(rule: CompiledRule, branch: Rule, single: boolean): Step {
    const block = new Block(new Frame(this.#plan.machine));
    const path =
      branch === rule ? rule.path : [...rule.path.slice(0, -branch.head.ref.length), ...branch.head.ref];
    const keys = path.slice(this.#depth);
    const first = keys[0] as Term;
    const early = single && canMatchFirst(first);
    if (early) match(block, first, this.#key);
    planBody(this.#plan, block, branch.body);
    if (single && !early) match(block, first, this.#key);
    return block.link(this.#writer(branch, block, keys, rule.default));
  }

  #writer(rule: Rule, block: Block, keys: readonly Term[], fallback: boolean): Step {
    const getters = keys.map((key) => block.getter(key));
    const last = getters.pop() as Getter;
    const { location } = rule.head;
    const multi = isMultiValue(rule);
    const get = multi
      ? block.getter(rule.head.key as Term)
      : block.getter(rule.head.value ?? { kind: 'boolean', value: true, location });
    return () => {
      this.#produced = true;
      let parent = this.#root;
      for (const getter of getters) parent = this.#inner(parent, getter(), location);
      const key = last();
      const known = parent.get(key);
      if (multi) {
        if (known === undefined) {
          const set = new RegoSet();
          set.add(get());
          parent.set(key, set);
        } else if (known instanceof RegoSet && !this.#leaves.has(known)) known.add(get());
        else throw conflict(MESSAGES.objectKeys, location);
        return false;
      }
      if (known === undefined) {
        const value = get();
        parent.set(key, value);
        if (typeof value === 'object' && value !== null) this.#leaves.add(value);
      } else if (!fallback && !equal(known, get())) throw conflict(MESSAGES.objectKeys, location);
      return false;
    };
  }

  #inner(parent: RegoObject, key: Value, location: Rule['location']): RegoObject {
    const known = parent.get(key);
    if (known === undefined) {
      const inner = new RegoObject();
      parent.set(key, inner);
      return inner;
    }
    if (!(known instanceof RegoObject) || this.#leaves.has(known))
      throw conflict(MESSAGES.objectKeys, location);
    return known;
  }
}
