/**
 * RE2 patterns that the platform's own engine can test with the same answer and in linear time: chains of ASCII
 * characters and classes, with groups that are not repeated, in which no repetition can match what may follow it, so that backtracking never
 * has more than one way to go. Everything else is left to RE2.
 */

/** What one character may be: a bit for each ASCII character, and whether others are in it. */
interface CharacterSet {
  readonly ascii: bigint;
  readonly others: boolean;
}

interface Item {
  readonly set: CharacterSet;
  readonly source: string;
  readonly quantifier: '' | '?' | '*' | '+';
  /** Repetitions of an item without quantifier. */
  readonly count: number;
}

/** Characters after a repetition that may match them too are tried at every place it can end, so there may be few. */
const maxTail = 200;
const maxLength = 1_000;
/** Ways through the alternatives of a pattern's groups, each of which is looked at. */
const maxPaths = 64;

/** A platform pattern that tests as the RE2 pattern does; undefined where that is not certain. */
export function nativePattern(pattern: string): RegExp | undefined {
  if (pattern.length > maxLength) return undefined;
  const branches = new PatternReader(pattern).branches();
  if (branches === undefined || !branches.every(isLinear)) return undefined;
  return new RegExp(branches.map(({ source }) => source).join('|'), 'u');
}

interface Sequence {
  /** One chain for each choice of alternatives: what holds for all of them holds for backtracking over the groups. */
  readonly paths: readonly (readonly Item[])[];
  readonly source: string;
}

interface Branch extends Sequence {
  readonly anchored: boolean;
}

function isLinear({ anchored, paths }: Branch): boolean {
  return paths.every((items) => isLinearPath(items, anchored));
}

function isLinearPath(items: readonly Item[], anchored: boolean): boolean {
  const unbounded = ({ quantifier }: Item) => quantifier === '*' || quantifier === '+';
  if (!anchored && items.some(unbounded)) return false;
  let ambiguous = 0;
  for (const [index, item] of items.entries()) {
    if (item.quantifier === '') continue;
    const rest = items.slice(index + 1);
    if (!overlaps(item.set, rest)) continue;
    // One repetition may overlap with what follows, if that is short and does not repeat.
    const tail = rest.reduce((sum, { count }) => sum + count, 0);
    if (item.quantifier === '?' || rest.some(unbounded) || tail > maxTail || ++ambiguous > 1) return false;
  }
  return true;
}

/** Can the set match the first character of what follows? */
function overlaps(set: CharacterSet, rest: readonly Item[]): boolean {
  for (const item of rest) {
    if ((item.set.ascii & set.ascii) !== 0n || (item.set.others && set.others)) return true;
    if (item.quantifier === '' || item.quantifier === '+') return false;
  }
  return false;
}

const everything = (1n << 128n) - 1n;
const newline = 1n << 10n;

function range(low: number, high: number): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

function one(character: string): bigint {
  return 1n << BigInt(character.charCodeAt(0));
}

const digits = range(0x30, 0x39);
const words = digits | range(0x41, 0x5a) | range(0x61, 0x7a) | one('_');
const shorthand: Readonly<Record<string, bigint>> = { d: digits, w: words };

class PatternReader {
  private readonly pattern: string;
  private at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  /** The alternatives, or undefined where something is not in the language handled here. */
  branches(): readonly Branch[] | undefined {
    const branches: Branch[] = [];
    do {
      const branch = this.branch();
      if (branch === undefined) return undefined;
      branches.push(branch);
    } while (this.take('|'));
    return this.at === this.pattern.length ? branches : undefined;
  }

  private take(character: string): boolean {
    if (this.pattern[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private branch(): Branch | undefined {
    const anchored = this.take('^');
    const sequence = this.sequence();
    if (sequence === undefined) return undefined;
    const { paths, source } = sequence;
    const ended = this.take('$');
    return { anchored, paths, source: `${anchored ? '^' : ''}${source}${ended ? '$' : ''}` };
  }

  private sequence(): Sequence | undefined {
    let paths: readonly (readonly Item[])[] = [[]];
    let source = '';
    while (this.at < this.pattern.length && !'|$)'.includes(this.pattern[this.at]!)) {
      const part = this.take('(') ? this.group() : this.single();
      if (part === undefined || paths.length * part.paths.length > maxPaths) return undefined;
      paths = paths.flatMap((path) => part.paths.map((more) => [...path, ...more]));
      source += part.source;
    }
    return { paths, source };
  }

  private single(): Sequence | undefined {
    const item = this.item();
    return item === undefined ? undefined : { paths: [[item]], source: item.source };
  }

  /** What follows a parenthesis. Groups that set flags, have names or are repeated are none of ours. */
  private group(): Sequence | undefined {
    if (this.take('?') && !this.take(':')) return undefined;
    const alternatives: Sequence[] = [];
    do {
      const alternative = this.sequence();
      if (alternative === undefined) return undefined;
      alternatives.push(alternative);
    } while (this.take('|'));
    if (!this.take(')') || /^[?*+{]/.test(this.pattern.slice(this.at, this.at + 1))) return undefined;
    return {
      paths: alternatives.flatMap(({ paths }) => paths),
      source: `(?:${alternatives.map(({ source }) => source).join('|')})`,
    };
  }

  private item(): Item | undefined {
    const set = this.set();
    if (set === undefined) return undefined;
    const source = sourceOf(set);
    const count = /^\{([1-9]\d{0,2})\}/.exec(this.pattern.slice(this.at, this.at + 5));
    if (count !== null) this.at += count[0].length;
    const found = this.pattern[this.at] ?? '';
    const quantifier = found !== '' && '?*+'.includes(found) ? (found as '?' | '*' | '+') : '';
    if (quantifier !== '') this.at++;
    // A second quantifier would make this one lazy, or mean a repetition of repetitions.
    if (/^[?*+{]/.test(this.pattern.slice(this.at)) || (count !== null && quantifier !== ''))
      return undefined;
    const times = count === null ? 1 : Number(count[1]);
    return { set, source: source + (count === null ? quantifier : `{${times}}`), quantifier, count: times };
  }

  private set(): CharacterSet | undefined {
    const character = this.pattern[this.at++]!;
    if (character === '.') return { ascii: everything & ~newline, others: true };
    if (character === '[') return this.characterClass();
    const ascii =
      character === '\\'
        ? this.escape()
        : /[A-Za-z0-9 _\-/:@=,!<>~"'#%&;]/.test(character)
          ? one(character)
          : undefined;
    return ascii === undefined ? undefined : { ascii, others: false };
  }

  private escape(): bigint | undefined {
    const character = this.pattern[this.at++] ?? '';
    if (/^[-.$+*?()[\]{}|^\\/:@]$/.test(character)) return one(character);
    return Object.hasOwn(shorthand, character) ? shorthand[character] : undefined;
  }

  private characterClass(): CharacterSet | undefined {
    const negated = this.take('^');
    let ascii = 0n;
    for (let first = true; ; first = false) {
      const character = this.pattern[this.at++];
      if (character === undefined) return undefined;
      if (character === ']') {
        if (first) return undefined;
        return negated ? { ascii: everything & ~ascii, others: true } : { ascii, others: false };
      }
      const [low, high] = [character, this.pattern[this.at + 1] ?? ''];
      if (this.pattern[this.at] === '-' && high !== ']') {
        if (!/^(?:\d\d|[a-z][a-z]|[A-Z][A-Z])$/.test(low + high) || low > high) return undefined;
        ascii |= range(low.charCodeAt(0), high.charCodeAt(0));
        this.at += 2;
        continue;
      }
      const member =
        character === '\\'
          ? this.escape()
          : /[A-Za-z0-9 _./:@+=,!~#%*-]/.test(character)
            ? one(character)
            : undefined;
      if (member === undefined) return undefined;
      // A dash means itself at either end only.
      if (character === '-' && !first && this.pattern[this.at] !== ']') return undefined;
      ascii |= member;
    }
  }
}

function sourceOf({ ascii, others }: CharacterSet): string {
  const listed = others ? everything & ~ascii : ascii;
  let members = '';
  for (let code = 0; code < 128; code++) {
    if (((listed >> BigInt(code)) & 1n) === 1n) members += `\\x${code.toString(16).padStart(2, '0')}`;
  }
  if (others) return `[^${members}]`;
  return members.length === 4 ? members : `[${members}]`;
}
