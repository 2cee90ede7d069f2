import { type ExpressionOptions, ExpressionParser, type ExpressionNode as Node } from './parse-expression.ts';
import { NotUnderstood } from './syntax.ts';

export type { ExpressionOptions };

/** Where a match begins and ends, and its groups from 1 on; -1 for one that took no part. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (readonly [number, number])[];
}

const maxDepth = 1000;

/**
 * A regular expression of POSIX (XBD §9), basic or extended, with what GNU adds (`\+`, `\|`, `\w`, `\<`, …). Those of
 * JavaScript are others, and one of them can take for ever on a text that somebody chose.
 */
export class Expression {
  readonly #root: Node;
  /** How many groups it has. */
  readonly groups: number;
  /** Where there is a choice, the longest match counts and not the first one found. */
  readonly #hasChoice: boolean;
  readonly #options: ExpressionOptions;

  /** @throws NotUnderstood */
  constructor(pattern: string, options: ExpressionOptions) {
    const parser = new ExpressionParser(pattern, options);
    this.#root = parser.whole();
    this.groups = parser.groups;
    this.#hasChoice = parser.hasChoice;
    this.#options = options;
  }

  /** The leftmost match that begins at `from` or later, the longest there. @throws NotUnderstood */
  match(text: string, from = 0): Match | undefined {
    const matching = new Matching(text, this.groups, this.#options);
    for (let start = from; start <= text.length; start++) {
      let best: Match | undefined;
      const found = matching.run(this.#root, start, (end) => {
        if (best === undefined || end > best.end)
          best = { start, end, groups: matching.groups.map((group) => [...group] as [number, number]) };
        return !this.#hasChoice;
      });
      if (found || best !== undefined) return best;
    }
    return undefined;
  }

  test(text: string): boolean {
    return this.match(text) !== undefined;
  }
}

class Matching {
  readonly groups: [number, number][];
  readonly #text: string;
  readonly #options: ExpressionOptions;
  #depth = 0;

  constructor(text: string, groups: number, options: ExpressionOptions) {
    this.#text = text;
    this.#options = options;
    this.groups = Array.from({ length: groups }, () => [-1, -1]);
  }

  /** Whether the node matches at a place so that `next` holds where it ends. */
  run(node: Node, at: number, next: (at: number) => boolean): boolean {
    this.#options.spend(1);
    if (++this.#depth > maxDepth) throw new NotUnderstood('an expression that goes too deep');
    try {
      return this.#step(node, at, next);
    } finally {
      this.#depth--;
    }
  }

  #step(node: Node, at: number, next: (at: number) => boolean): boolean {
    switch (node.kind) {
      case 'set':
        return at < this.#text.length && node.has(this.#text[at]!) && next(at + 1);
      case 'at':
        return node.holds(this.#text, at) && next(at);
      case 'group': {
        const group = this.groups[node.index - 1]!;
        const [start, end] = group;
        const matched = this.run(node.node, at, (to) => {
          const [innerStart, innerEnd] = group;
          [group[0], group[1]] = [at, to];
          if (next(to)) return true;
          [group[0], group[1]] = [innerStart, innerEnd];
          return false;
        });
        if (!matched) [group[0], group[1]] = [start, end];
        return matched;
      }
      case 'reference': {
        const [start, end] = this.groups[node.index - 1]!;
        const same = start >= 0 && this.#text.startsWith(this.#text.slice(start, end), at);
        return same && next(at + end - start);
      }
      case 'sequence': {
        const from = (index: number, here: number): boolean =>
          index === node.nodes.length
            ? next(here)
            : this.run(node.nodes[index]!, here, (to) => from(index + 1, to));
        return from(0, at);
      }
      case 'either':
        return node.nodes.some((one) => this.run(one, at, next));
      default:
        return node.node.kind === 'set'
          ? this.#many(node, node.node, at, next)
          : this.#rounds(node, at, next);
    }
  }

  #many(
    { least, most }: Node & { kind: 'repeat' },
    { has }: Node & { kind: 'set' },
    at: number,
    next: (at: number) => boolean,
  ): boolean {
    let count = 0;
    while (count < most && at + count < this.#text.length && has(this.#text[at + count]!)) count++;
    this.#options.spend(count);
    for (; count >= least; count--) if (next(at + count)) return true;
    return false;
  }

  #rounds(
    { node, least, most }: Node & { kind: 'repeat' },
    at: number,
    next: (at: number) => boolean,
  ): boolean {
    const round = (count: number, here: number): boolean => {
      const again = (to: number) => (to > here || count < least) && round(count + 1, to);
      return (count < most && this.run(node, here, again)) || (count >= least && next(here));
    };
    return round(0, at);
  }
}
