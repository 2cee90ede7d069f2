import type { KeepRule } from './types.ts';

/** Keeps what any of the rules wants; the first one that wants a file says how. One of them may search, too. */
export function keepAny(...rules: readonly KeepRule[]): KeepRule {
  const searches = new Set(rules.flatMap(({ search }) => search ?? []));
  if (searches.size > 1)
    throw new TypeError('two rules search files, and a file has room for what one finds');
  const [search] = searches;
  return {
    search,
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
