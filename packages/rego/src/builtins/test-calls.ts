/** Calling built-ins from tests. */
import { parseTermText } from '../ast/index.ts';
import type { Term } from '../ast/types.ts';
import { parseNumber, RegoArray, RegoObject, RegoSet, toTerm, type Value } from '../values/index.ts';
import { builtinTable } from './index.ts';
import { type BuiltinContext, BuiltinError, Halt } from './types.ts';

/** 2023-11-14T22:13:20Z. */
export const testTime = 1_700_000_000_000_000_000n;

/** A context with `budget` steps; no host services unless given. */
export function testContext(
  given: Partial<BuiltinContext> & { readonly budget?: number } = {},
): BuiltinContext {
  let left = given.budget ?? 50_000_000;
  return {
    timeNs: testTime,
    random: () => 0.5,
    cache: new Map(),
    charge: (steps) => {
      left -= steps;
      if (left < 0) throw new Halt('eval_cancel_error', 'budget exhausted');
    },
    location: undefined,
    env: {},
    print: undefined,
    note: undefined,
    host: {},
    ...given,
  };
}

/** The value of a ground Rego term. */
export function ground(text: string): Value {
  return groundValue(parseTermText(text));
}

function groundValue(term: Term): Value {
  switch (term.kind) {
    case 'null':
      return null;
    case 'boolean':
    case 'string':
      return term.value;
    case 'number':
      return parseNumber(term.text)!;
    case 'array':
      return new RegoArray(term.items.map(groundValue));
    case 'set':
      return RegoSet.of(term.items.map(groundValue));
    case 'object':
      return RegoObject.of(term.pairs.map(([key, value]) => [groundValue(key), groundValue(value)] as const));
    case 'call':
      // `set()` is how the empty set is written.
      return new RegoSet();
    default:
      throw new TypeError(`not a ground term: ${term.kind}`);
  }
}

/** Calls a built-in; all results of one that has many. */
export function callAll(name: string, operands: readonly Value[], context = testContext()): Value[] {
  const builtin = builtinTable().get(name);
  if (builtin === undefined) throw new TypeError(`no built-in ${name}`);
  if (builtin.relation !== undefined) {
    const results: Value[] = [];
    builtin.relation(context, (result) => results.push(result) < 0, ...operands);
    return results;
  }
  const result = builtin.call(context, ...operands);
  return result === undefined ? [] : [result];
}

/** The one result of a call, or undefined. */
export function call(name: string, ...operands: Value[]): Value | undefined {
  return callAll(name, operands)[0];
}

/** What OPA would show of a call: its results as terms, or its error. */
export function outcome(name: string, ...operands: Value[]): { answers: string[] } | { error: string } {
  try {
    return { answers: callAll(name, operands).map(toTerm) };
  } catch (error) {
    if (error instanceof BuiltinError) return { error: `${error.code}: ${name}: ${error.message}` };
    throw error;
  }
}
