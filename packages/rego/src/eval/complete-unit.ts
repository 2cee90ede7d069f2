import type { Term } from '../ast/types.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import type { Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { type Chain, commonValue, Outcome, planChain, runChain } from './chain.ts';
import { Constant } from './constant.ts';
import { MESSAGES } from './faults.ts';
import { ABSENT, toCached } from './machine.ts';
import type { Plan } from './planner.ts';
import { planPath } from './refs.ts';
import { RuleIndex } from './rule-index.ts';
import { Deferral, stackWeight } from './settle.ts';
import type { Unit } from './units.ts';

/** `p := value if …`: one value, on which all rules must agree. */
export class CompleteUnit implements Unit {
  readonly #plan: Plan;
  readonly #rules: readonly CompiledRule[];
  readonly #id: number;
  readonly #outcome = new Outcome();
  readonly #firstIsEnough: boolean;
  readonly #constant: Constant<Value | undefined> | undefined;
  #chains: readonly Chain[] | undefined = undefined;
  #default: Chain | undefined = undefined;
  #weight = 0;
  #index: RuleIndex<Chain> | undefined = undefined;

  constructor(plan: Plan, rules: readonly CompiledRule[], id: number) {
    this.#plan = plan;
    this.#rules = rules;
    this.#id = id;
    this.#constant = plan.purity.rules(rules) ? new Constant(plan.machine) : undefined;
    this.#firstIsEnough = commonValue(rules.filter((rule) => !rule.default)) !== undefined;
  }

  value(): Value | undefined {
    return this.#constant === undefined ? this.#cached() : this.#constant.get(() => this.#cached());
  }

  #cached(): Value | undefined {
    const { machine } = this.#plan;
    const cache = machine.unitCache(this.#id);
    if (cache.full !== undefined) return cache.full === ABSENT ? undefined : cache.full;
    this.#weight ||= stackWeight(this.#rules);
    const { swallowed } = machine;
    if (!machine.enter(this.#weight)) throw this.#deferral();
    const value = this.#evaluate();
    machine.leave(this.#weight, cache, swallowed);
    cache.full = toCached(value);
    return value;
  }

  #deferral(): Deferral {
    return new Deferral(this.#plan.machine, () => this.value());
  }

  planRead(plan: Plan, block: Block, terms: readonly Term[], at: number, out: number): void {
    const { registers } = plan.machine;
    block.emit((next) => () => {
      const value = this.value();
      if (value === undefined) return false;
      registers[out] = value;
      return next();
    });
    planPath(plan, block, terms, at, out, out);
  }

  #evaluate(): Value | undefined {
    const outcome = this.#outcome;
    const chains = this.#chains ?? this.#compile();
    this.#plan.machine.tick();
    outcome.value = undefined;
    for (const chain of this.#index === undefined ? chains : this.#index.candidates()) {
      runChain(chain, outcome);
      if (outcome.value !== undefined && this.#firstIsEnough) break;
    }
    if (outcome.value === undefined && this.#default !== undefined) runChain(this.#default, outcome);
    return outcome.value;
  }

  #compile(): readonly Chain[] {
    const compile = (rule: CompiledRule): Chain =>
      planChain(this.#plan, rule, this.#outcome, MESSAGES.complete, () => undefined);
    const rules = this.#rules.filter((rule) => !rule.default);
    this.#chains = rules.map(compile);
    this.#index = RuleIndex.build(this.#plan.machine, rules, this.#chains);
    const fallback = this.#rules.find((rule) => rule.default);
    if (fallback !== undefined) this.#default = compile(fallback);
    return this.#chains;
  }
}
