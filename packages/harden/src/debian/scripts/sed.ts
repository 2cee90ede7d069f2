import type { Match } from './expressions.ts';
import { type Address, type Command, type SedOptions, SedParser, type Substitution } from './parse-sed.ts';

export type { SedOptions };

/**
 * A script of sed(1), without what jumps, holds, reads or writes files.
 *
 * @returns what it makes of a text
 * @throws NotUnderstood
 */
export function sed(script: string, options: SedOptions): (input: string) => string {
  const commands = new SedParser(script, options).commands(false);
  return (input) => new Run(commands, options).of(input);
}

class Run {
  readonly #commands: readonly Command[];
  readonly #options: SedOptions;
  #output = '';
  #line = 0;
  #isLast = false;
  #after = '';
  #quits = false;

  constructor(commands: readonly Command[], options: SedOptions) {
    this.#commands = commands;
    this.#options = options;
  }

  of(input: string): string {
    const lines = input.split('\n');
    const endsWithFeed = lines.at(-1) === '';
    if (endsWithFeed) lines.pop();
    for (const [index, line] of lines.entries()) {
      this.#line = index + 1;
      this.#isLast = index === lines.length - 1;
      this.#after = '';
      const left = this.#follow(this.#commands, line);
      if (left !== undefined && !this.#options.quiet) this.#print(left);
      this.#output += this.#after;
      if (this.#quits) break;
    }
    // A text whose last line has no line feed keeps being one.
    if (!endsWithFeed && this.#isLast && this.#after === '') return this.#output.replace(/\n$/, '');
    return this.#output;
  }

  #print(line: string): void {
    this.#options.spend(1 + (line.length >> 4));
    this.#output += `${line}\n`;
  }

  /** The line as the commands leave it; undefined where they take it away. */
  #follow(commands: readonly Command[], given: string): string | undefined {
    let line = given;
    for (const command of commands) {
      this.#options.spend(1);
      if (this.#applies(command, line) === command.negated) continue;
      switch (command.name) {
        case '{': {
          const left = this.#follow(command.inner, line);
          if (left === undefined || this.#quits) return left;
          line = left;
          break;
        }
        case 'd':
          return undefined;
        case 'p':
          this.#print(line);
          break;
        case 'q':
          this.#quits = true;
          return line;
        case '=':
          this.#output += `${this.#line}\n`;
          break;
        case 'a':
          this.#after += command.text;
          break;
        case 'i':
          this.#output += command.text;
          break;
        case 'c':
          if (command.to === undefined || !command.state.begun) this.#output += command.text;
          return undefined;
        default: {
          const changed = substituted(line, command.substitution!);
          if (changed !== undefined && command.substitution!.print) this.#print(changed);
          line = changed ?? line;
        }
      }
    }
    return line;
  }

  #applies({ from, to, state }: Command, line: string): boolean {
    if (from === undefined) return true;
    if (to === undefined) return this.#isAt(from, line);
    if (state.begun) {
      if (to.kind === 'line' ? this.#line >= to.number : this.#isAt(to, line)) state.begun = false;
      return !(to.kind === 'line' && this.#line > to.number);
    }
    // `0,/x/` may end at the first line already.
    const fromStart = from.kind === 'line' && from.number === 0;
    if (fromStart ? this.#line !== 1 : !this.#isAt(from, line)) return false;
    const ends = fromStart
      ? this.#isAt(to, line)
      : to.kind === 'line'
        ? to.number <= this.#line
        : to.kind === 'last' && this.#isLast;
    state.begun = !ends;
    return true;
  }

  #isAt(address: Address, line: string): boolean {
    if (address.kind === 'line') return address.number === this.#line;
    return address.kind === 'last' ? this.#isLast : address.expression.test(line);
  }
}

/** Undefined where nothing matches. */
function substituted(line: string, { expression, replacement, all, nth }: Substitution): string | undefined {
  let text = '';
  let at = 0;
  let count = 0;
  let changed = false;
  for (let found = expression.match(line); found !== undefined; ) {
    const { start, end } = found;
    count++;
    text += line.slice(at, start);
    if (count < nth) text += line.slice(start, end);
    else {
      text += replaced(replacement, line, found);
      changed = true;
    }
    at = end;
    if ((changed && !all) || end >= line.length) break;
    // After an empty match the next begins one character later; one may not end where the last one did.
    if (end === start) text += line[at++]!;
    found = expression.match(line, at);
    if (found !== undefined && found.start === found.end && found.start === end && end > start) {
      text += line[at++]!;
      found = at > line.length ? undefined : expression.match(line, at);
    }
  }
  return changed ? text + line.slice(at) : undefined;
}

function replaced(replacement: readonly (string | number)[], line: string, { start, end, groups }: Match) {
  return replacement
    .map((part) => {
      if (typeof part === 'string') return part;
      const [from, to] = part === 0 ? [start, end] : groups[part - 1]!;
      return from < 0 ? '' : line.slice(from, to);
    })
    .join('');
}
