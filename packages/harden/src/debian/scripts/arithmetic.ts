import { NotUnderstood } from './syntax.ts';

/**
 * The value of an arithmetic expression (XCU §2.6.4) whose parameters are replaced: integers of 64 bits, no assignments.
 *
 * @param variable the value of a variable by its name
 * @throws NotUnderstood
 */
export function arithmetic(text: string, variable: (name: string) => string | undefined): bigint {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|&&|\|\||[=!<>]=|[-+*/%<>!()]|\S/g) ?? [];
  if (tokens.length > 200) throw new NotUnderstood('a long calculation');
  const calculation = new Calculation(tokens, variable);
  return tokens.length === 0 ? 0n : calculation.whole();
}

type Operation = (a: bigint, b: bigint) => bigint;

const truth = (value: boolean): bigint => (value ? 1n : 0n);
const divisor = (value: bigint): bigint => {
  if (value === 0n) throw new NotUnderstood('it divides by zero');
  return value;
};

/** From what binds least to what binds most. */
const levels: readonly ReadonlyMap<string, Operation>[] = [
  new Map([['||', (a, b) => truth(a !== 0n || b !== 0n)]]),
  new Map([['&&', (a, b) => truth(a !== 0n && b !== 0n)]]),
  new Map<string, Operation>([
    ['==', (a, b) => truth(a === b)],
    ['!=', (a, b) => truth(a !== b)],
  ]),
  new Map<string, Operation>([
    ['<', (a, b) => truth(a < b)],
    ['>', (a, b) => truth(a > b)],
    ['<=', (a, b) => truth(a <= b)],
    ['>=', (a, b) => truth(a >= b)],
  ]),
  new Map<string, Operation>([
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
  ]),
  new Map<string, Operation>([
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / divisor(b)],
    ['%', (a, b) => a % divisor(b)],
  ]),
];

class Calculation {
  readonly #tokens: readonly string[];
  readonly #variable: (name: string) => string | undefined;
  #at = 0;

  constructor(tokens: readonly string[], variable: (name: string) => string | undefined) {
    this.#tokens = tokens;
    this.#variable = variable;
  }

  whole(): bigint {
    const value = this.#level(0);
    if (this.#at < this.#tokens.length) throw this.#unknown();
    return value;
  }

  #level(index: number): bigint {
    const operations = levels[index];
    if (operations === undefined) return this.#single();
    let value = this.#level(index + 1);
    for (;;) {
      const operation = operations.get(this.#tokens[this.#at] ?? '');
      if (operation === undefined) return value;
      this.#at++;
      value = BigInt.asIntN(64, operation(value, this.#level(index + 1)));
    }
  }

  #single(): bigint {
    const token = this.#tokens[this.#at++] ?? '';
    if (token === '-') return BigInt.asIntN(64, -this.#single());
    if (token === '+') return this.#single();
    if (token === '!') return truth(this.#single() === 0n);
    if (token === '(') {
      const value = this.#level(0);
      if (this.#tokens[this.#at++] !== ')') throw this.#unknown();
      return value;
    }
    return this.#number(/^[A-Za-z_]/.test(token) ? (this.#variable(token) ?? '0') : token);
  }

  /** A leading zero is octal, which nobody means. */
  #number(text: string): bigint {
    if (!/^(0|-?[1-9]\d{0,17})$/.test(text.trim())) throw this.#unknown();
    return BigInt(text.trim());
  }

  #unknown(): NotUnderstood {
    return new NotUnderstood(`$((${this.#tokens.join(' ').slice(0, 100)}))`);
  }
}
