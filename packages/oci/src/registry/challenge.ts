/** One challenge of a `WWW-Authenticate` header: scheme in lower case, parameters by lower-case name. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const maxLength = 8192;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const space = /[ \t]*/y;
const separators = /[ \t,]*/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;

/**
 * Parses `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges in one header, quoted strings with commas and
 * escapes, token68. Text that does not follow the grammar ends the list; what was read before it counts.
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const text = (header ?? '').slice(0, maxLength);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    take(separators);
    const word = take(token)?.[0];
    if (word === undefined) break;
    const afterWord = at;
    take(space);
    const current = challenges.at(-1);
    if (text[at] === '=' && current !== undefined) {
      at++;
      take(space);
      const value = take(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? take(token)?.[0];
      if (value === undefined) break;
      // A parameter given twice: the first counts, so that nothing appended can change it.
      if (!current.parameters.has(word.toLowerCase())) current.parameters.set(word.toLowerCase(), value);
    } else {
      at = afterWord;
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
      take(space);
      take(token68);
    }
  }
  return challenges;
}
