/** All matches of a pattern the way Go finds them, and Go's replacement templates. */
import type { RE2JS } from 're2js';

/** The text of a match and of its groups; a group that took no part is empty, as in Go. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly string[];
}

/** Non-overlapping matches from the left, at most `limit` (all where negative). `charge` is called for each. */
export function findAll(
  regex: RE2JS,
  text: string,
  limit: number,
  charge: (steps: number) => void,
): readonly Match[] {
  const matcher = regex.matcher(text);
  const count = matcher.groupCount();
  const found: Match[] = [];
  let previousEnd = -1;
  while ((limit < 0 || found.length < limit) && matcher.find()) {
    charge(1);
    const start = matcher.start();
    const end = matcher.end();
    // Go takes no empty match right behind another match.
    if (start === end && start === previousEnd) continue;
    const groups: string[] = [];
    for (let group = 0; group <= count; group++) groups.push(matcher.group(group) ?? '');
    found.push({ start, end, groups });
    previousEnd = end;
  }
  return found;
}

/** `Regexp.Expand`: `$1`, `$name`, `${name}` and `$$`; names that are not groups are empty. */
export function expandTemplate(
  template: string,
  match: Match,
  names: Readonly<Record<string, number>>,
): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return whole === '$$' ? '$' : whole;
      const index = /^(?:0|[1-9]\d{0,8})$/.test(name)
        ? Number(name)
        : Object.hasOwn(names, name)
          ? names[name]!
          : -1;
      return match.groups[index] ?? '';
    },
  );
}
