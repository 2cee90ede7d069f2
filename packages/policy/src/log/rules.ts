import { printable } from '@pratique/errors';
import { compile, type PreparedRule, RegoError } from '@pratique/rego';
import type { PolicySource } from '../engine/sources.ts';
import { policyErrors } from '../errors.ts';
import type { DecisionEvent } from './event.ts';
import { applyMask, readMask } from './mask.ts';

const limits = { timeoutMs: 1_000, maxSteps: 5_000_000, strictBuiltinErrors: true };

/** What becomes of an event: it is dropped, or it is logged with what the mask left of it. */
export type Ruled =
  | { readonly kind: 'drop' }
  | { readonly kind: 'log'; readonly event: DecisionEvent; readonly problem?: Error };

/**
 * `data.system.log.drop` and `data.system.log.mask`, evaluated here whichever engine decides. A drop rule that fails
 * drops nothing; when a mask fails, input and result are left out altogether, since what should be hidden in them is
 * not known.
 *
 * @throws POLICY_INVALID
 */
export function logRules(policies: readonly PolicySource[]): (event: DecisionEvent) => Ruled {
  if (policies.length === 0) return (event) => ({ kind: 'log', event });
  if (!policies.some(({ text }) => /^(default\s+)?(mask|drop)\b/m.test(text))) {
    throw policyErrors.error('POLICY_INVALID', {
      message: `${printable(policies[0]!.path)}: no policy of the decision log has a rule mask or drop`,
      expected: 'package system.log with mask contains … or drop if …',
      found: 'neither',
    });
  }
  const [drop, mask] = prepare(policies);
  return (event) => {
    try {
      if (drop.evaluate(event, limits) === true) return { kind: 'drop' };
    } catch (error) {
      return withMask(mask, event, asError('drop', error));
    }
    return withMask(mask, event);
  };
}

function withMask(mask: PreparedRule, event: DecisionEvent, problem?: Error): Ruled {
  const told = problem === undefined ? {} : { problem };
  try {
    const value = mask.evaluate(event, limits);
    const masked = value === undefined ? event : applyMask(event, readMask(value));
    return { kind: 'log', event: masked, ...told };
  } catch (error) {
    const { input: _input, result: _result, ...rest } = event;
    return {
      kind: 'log',
      event: { ...rest, erased: ['/input', '/result'] },
      problem: asError('mask', error),
    };
  }
}

function prepare(policies: readonly PolicySource[]): [PreparedRule, PreparedRule] {
  try {
    const policy = compile({ modules: Object.fromEntries(policies.map(({ path, text }) => [path, text])) });
    return [policy.rule('data.system.log.drop'), policy.rule('data.system.log.mask')];
  } catch (cause) {
    if (!(cause instanceof RegoError)) throw cause;
    throw policyErrors.error('POLICY_INVALID', { message: printable(String(cause), 1000), cause });
  }
}

function asError(rule: 'drop' | 'mask', error: unknown): Error {
  const reason = error instanceof Error ? error.message : 'unknown error';
  return policyErrors.error('LOG_RULE_FAILED', {
    message: `data.system.log.${rule}: ${printable(reason, 300)}`,
  });
}
