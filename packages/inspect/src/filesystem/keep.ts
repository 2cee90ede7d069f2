import type { KeepRule } from './types.ts';

/** Keeps what any of the rules wants; the first one that wants a file says how. */
export function keepAny(...rules: readonly KeepRule[]): KeepRule {
  return {
    id: rules.map(({ id }) => id).join('+'),
    keep(file, head) {
      for (const rule of rules) {
        const keep = rule.keep(file, head);
        if (keep !== undefined) return keep;
      }
      return undefined;
    },
  };
}
