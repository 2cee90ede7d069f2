import type { Rule, Term } from '../ast/types.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import { keyOf, RegoSet, type Value } from '../values/index.ts';
import { Block, Frame, lazily } from './block.ts';
import { Constant } from './constant.ts';
import { ABSENT, type Step } from './machine.ts';
import { match } from './match.ts';
import { type Plan, planBody } from './planner.ts';
import { planPath } from './refs.ts';
import { RuleIndex } from './rule-index.ts';
import { Deferral, stackWeight } from './settle.ts';
import type { Unit } from './units.ts';

/** `p contains x if …`: a set to which every rule adds. */
export class SetUnit implements Unit {
  readonly #plan: Plan;
  readonly #rules: readonly CompiledRule[];
  readonly #id: number;
  readonly #constant: Constant<Value> | undefined;
  #set = new RegoSet();
  #full: readonly Step[] | undefined = undefined;
  #single: readonly Step[] | undefined = undefined;
  #index: RuleIndex<Step> | undefined = undefined;
  #member: number;
  #weight = 0;

  constructor(plan: Plan, rules: readonly CompiledRule[], id: number) {
    this.#plan = plan;
    this.#rules = rules;
    this.#id = id;
    this.#constant = plan.purity.rules(rules) ? new Constant(plan.machine) : undefined;
    this.#member = plan.machine.registers.push(undefined) - 1;
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
    machine.tick();
    if (this.#full === undefined) {
      this.#full = this.#rules.map((rule) => lazily(() => this.#compile(rule)));
      this.#index = RuleIndex.build(this.#plan.machine, this.#rules, this.#full);
    }
    const set = new RegoSet();
    this.#set = set;
    for (const step of this.#index === undefined ? this.#full : this.#index.candidates()) step();
    machine.leave(this.#weight, cache, swallowed);
    cache.full = set;
    return set;
  }

  #deferral(): Deferral {
    return new Deferral(this.#plan.machine, () => this.value());
  }

  /** Whether a value is in the set, without making all of it. */
  has(value: Value): boolean {
    const { machine } = this.#plan;
    const made = this.#constant?.made;
    if (made !== undefined) return (made as RegoSet).has(value);
    const cache = machine.unitCache(this.#id);
    if (cache.full !== undefined) return (cache.full as RegoSet).has(value);
    cache.members ??= new Map();
    const key = memberKey(value);
    const known = cache.members.get(key);
    if (known !== undefined) return known !== ABSENT;
    this.#weight ||= stackWeight(this.#rules);
    const { swallowed } = machine;
    if (!machine.enter(this.#weight)) throw this.#memberDeferral(value);
    machine.tick();
    this.#single ??= this.#rules.map((rule) => lazily(() => this.#compileMember(rule)));
    let found = false;
    for (const step of this.#single) {
      machine.registers[this.#member] = value;
      if (step()) {
        found = true;
        break;
      }
    }
    machine.leave(this.#weight, cache, swallowed);
    cache.members.set(key, found ? true : ABSENT);
    return found;
  }

  #memberDeferral(value: Value): Deferral {
    return new Deferral(this.#plan.machine, () => this.has(value));
  }

  planRead(plan: Plan, block: Block, terms: readonly Term[], at: number, out: number): void {
    const { registers } = plan.machine;
    const key = terms[at];
    if (key !== undefined && block.isBound(key)) {
      const get = block.getter(key);
      block.emit((next) => () => {
        const value = get();
        if (!this.has(value)) return false;
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

  #compile(rule: Rule): Step {
    const block = new Block(new Frame(this.#plan.machine));
    block.anyOrder = this.#plan.quiet.body(rule.body);
    planBody(this.#plan, block, rule.body);
    const get = block.getter(rule.head.key as Term);
    return block.link(() => {
      this.#set.add(get());
      return false;
    });
  }

  /** The rule with its member known from the start. */
  #compileMember(rule: Rule): Step {
    const block = new Block(new Frame(this.#plan.machine));
    block.anyOrder = this.#plan.quiet.body(rule.body);
    const key = rule.head.key as Term;
    if (canMatchFirst(key)) {
      match(block, key, this.#member);
      planBody(this.#plan, block, rule.body);
    } else {
      planBody(this.#plan, block, rule.body);
      match(block, key, this.#member);
    }
    return block.link(() => true);
  }
}

/** A key of a JavaScript Map for any value. Texts of composite values start with what no string value's does. */
export function memberKey(value: Value): unknown {
  if (typeof value === 'string') return `s${value}`;
  return typeof value === 'object' && value !== null
    ? keyOf(value)
    : typeof value === 'number'
      ? keyOf(value)
      : value;
}

/** Sets and computed object keys cannot bind their variables. */
export function canMatchFirst(term: Term): boolean {
  switch (term.kind) {
    case 'array':
      return term.items.every(canMatchFirst);
    case 'object':
      return term.pairs.every(([key, value]) => isPlain(key) && canMatchFirst(value));
    case 'set':
      return isPlain(term);
    default:
      return true;
  }
}

function isPlain(term: Term): boolean {
  switch (term.kind) {
    case 'var':
      return false;
    case 'array':
    case 'set':
      return term.items.every(isPlain);
    case 'object':
      return term.pairs.every(([key, value]) => isPlain(key) && isPlain(value));
    default:
      return true;
  }
}
