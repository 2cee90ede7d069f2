import type { Term } from '../ast/types.ts';
import type { CompiledRule } from '../compiler/rule-tree.ts';
import type { Value } from '../values/index.ts';
import type { Block } from './block.ts';
import { bindParameters, type Chain, commonValue, Outcome, planChain, runChain } from './chain.ts';
import { MESSAGES } from './faults.ts';
import { ABSENT, type Cached, toCached } from './machine.ts';
import type { Plan } from './planner.ts';
import { RuleIndex } from './rule-index.ts';
import { Deferral, stackWeight } from './settle.ts';
import type { Unit } from './units.ts';

/** `f(x) := value if …`. Results are kept for the rest of the evaluation, by the identity of the arguments. */
export class FunctionUnit implements Unit {
  readonly arity: number;
  readonly #plan: Plan;
  readonly #rules: readonly CompiledRule[];
  readonly #id: number;
  readonly #outcome = new Outcome();
  readonly #firstIsEnough: boolean;
  readonly #slots: readonly number[];
  #chains: readonly Chain[] | undefined = undefined;
  #default: Chain | undefined = undefined;
  #weight = 0;
  #index: RuleIndex<Chain> | undefined = undefined;

  constructor(plan: Plan, rules: readonly CompiledRule[], id: number) {
    this.#plan = plan;
    this.#rules = rules;
    this.#id = id;
    this.arity = (rules[0] as CompiledRule).head.args?.length ?? 0;
    this.#firstIsEnough = commonValue(rules.filter((rule) => !rule.default)) !== undefined;
    this.#slots = Array.from({ length: this.arity }, () => plan.machine.registers.push(undefined) - 1);
  }

  value(): undefined {
    return undefined;
  }

  planRead(_plan: Plan, block: Block, _terms: readonly Term[], _at: number, _out: number): void {
    block.emit(() => () => false);
  }

  call(args: readonly Value[]): Value | undefined {
    const { machine } = this.#plan;
    const cache = machine.unitCache(this.#id);
    cache.calls ??= new Map();
    let level = cache.calls;
    const last = args.length - 1;
    for (let index = 0; index < last; index++) {
      let deeper = level.get(args[index]) as Map<unknown, unknown> | undefined;
      if (deeper === undefined) {
        deeper = new Map();
        level.set(args[index], deeper);
      }
      level = deeper;
    }
    const known = level.get(args[last]) as Cached | undefined;
    if (known !== undefined) return known === ABSENT ? undefined : known;
    this.#weight ||= stackWeight(this.#rules);
    const { swallowed } = machine;
    if (!machine.enter(this.#weight)) throw this.#deferral(args);
    const value = this.#evaluate(args);
    machine.leave(this.#weight, cache, swallowed);
    level.set(args[last], toCached(value));
    return value;
  }

  #deferral(args: readonly Value[]): Deferral {
    return new Deferral(this.#plan.machine, () => this.call(args));
  }

  #evaluate(args: readonly Value[]): Value | undefined {
    const outcome = this.#outcome;
    const { machine } = this.#plan;
    const chains = this.#chains ?? this.#compile();
    machine.tick();
    outcome.value = undefined;
    for (let index = 0; index < args.length; index++) {
      machine.registers[this.#slots[index] as number] = args[index];
    }
    for (const chain of this.#index === undefined ? chains : this.#index.candidates()) {
      runChain(chain, outcome);
      if (outcome.value !== undefined && this.#firstIsEnough) break;
    }
    if (outcome.value === undefined && this.#default !== undefined) runChain(this.#default, outcome);
    return outcome.value;
  }

  #compile(): readonly Chain[] {
    const compile = (rule: CompiledRule): Chain =>
      planChain(this.#plan, rule, this.#outcome, MESSAGES.function, (block, branch) =>
        bindParameters(block, branch, this.#slots),
      );
    const rules = this.#rules.filter((rule) => !rule.default);
    this.#chains = rules.map(compile);
    this.#index = RuleIndex.build(this.#plan.machine, rules, this.#chains, this.#slots);
    const fallback = this.#rules.find((rule) => rule.default);
    if (fallback !== undefined) this.#default = compile(fallback);
    return this.#chains;
  }
}
