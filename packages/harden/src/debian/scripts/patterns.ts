import { NotUnderstood } from './syntax.ts';

type Token = 'any' | ((character: string) => boolean);

const maxPattern = 4096;
const maxText = 256 * 1024;
const maxSteps = 4_000_000;

/**
 * Whether a pattern of the shell (XCU §2.13) matches the whole of a text.
 *
 * @param spend told of the work that it is
 * @throws NotUnderstood where it would take long
 */
export function isMatch(pattern: string, text: string, spend?: (steps: number) => void): boolean {
  return matches(tokensOf(pattern), text, spend);
}

/** `${x#pattern}`, `${x##pattern}`: a text without what the pattern matches at its beginning. */
export function withoutPrefix(
  text: string,
  pattern: string,
  longest: boolean,
  spend: (steps: number) => void,
): string {
  const tokens = tokensOf(pattern);
  const lengths = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? lengths.reverse() : lengths).find((at) =>
    matches(tokens, text.slice(0, at), spend),
  );
  return found === undefined ? text : text.slice(found);
}

/** `${x%pattern}`, `${x%%pattern}` */
export function withoutSuffix(
  text: string,
  pattern: string,
  longest: boolean,
  spend: (steps: number) => void,
): string {
  const tokens = tokensOf(pattern);
  const starts = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? starts : starts.reverse()).find((at) => matches(tokens, text.slice(at), spend));
  return found === undefined ? text : text.slice(0, found);
}

/** Goes back to the last star only: that is enough, and never takes long. */
function matches(tokens: readonly Token[], text: string, spend?: (steps: number) => void): boolean {
  if (text.length > maxText) throw new NotUnderstood('a pattern on a long text');
  let [token, at, star, starAt, steps] = [0, 0, -1, 0, 1];
  const result = (): boolean => {
    while (at < text.length) {
      if (++steps > maxSteps) throw new NotUnderstood('a pattern that takes long');
      const one = tokens[token];
      if (one === 'any') {
        star = token++;
        starAt = at;
      } else if (one?.(text[at]!) === true) {
        token++;
        at++;
      } else if (star >= 0) {
        token = star + 1;
        at = ++starAt;
      } else return false;
    }
    while (tokens[token] === 'any') token++;
    return token === tokens.length;
  };
  const found = result();
  spend?.(steps);
  return found;
}

function tokensOf(pattern: string): readonly Token[] {
  if (pattern.length > maxPattern) throw new NotUnderstood('a long pattern');
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    let character = pattern[at]!;
    const set =
      character === '['
        ? /^\[([!^]?)(\](?:\\.|\[:[a-z]+:\]|[^\\\]])*|(?:\\.|\[:[a-z]+:\]|[^\\\]])+)\]/s.exec(
            pattern.slice(at),
          )
        : null;
    if (set !== null) {
      tokens.push(oneOf(set[2]!, set[1] !== ''));
      at += set[0].length - 1;
    } else if (character === '*') tokens.push('any');
    else if (character === '?') tokens.push(() => true);
    else {
      if (character === '\\' && at + 1 < pattern.length) character = pattern[++at]!;
      const own = character;
      tokens.push((one) => one === own);
    }
  }
  return tokens;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
};

/** What stands between brackets. */
function oneOf(text: string, negated: boolean): Token {
  const parts = [...text.matchAll(/\[:([a-z]+):\]|(\\.|.)(?:-(\\.|.))?/gs)];
  const tests = parts.map(([, name, low, high]) => {
    if (name !== undefined) {
      const known = classes[name];
      if (known === undefined) throw new NotUnderstood(`the pattern [:${name}:]`);
      return (one: string) => known.test(one);
    }
    const [first, last] = [low!.slice(-1), (high ?? low!).slice(-1)];
    return (one: string) => one >= first && one <= last;
  });
  return (one) => tests.some((test) => test(one)) !== negated;
}
