import { type Expression as AwkExpression, parseAwk, type Rule, type Statement } from './awk-parse.ts';
import { Expression } from './expressions.ts';
import { NotUnderstood } from './syntax.ts';

/** A text, which counts as a number where it is one and was calculated or read. */
interface Value {
  readonly text: string;
  readonly isNumber: boolean;
  readonly isCalculated?: boolean;
}

const numeric = /^\s*[-+]?(\d+\.?\d*|\.\d+)\s*$/;
const text = (value: string): Value => ({ text: value, isNumber: false });
/** Of input: a number where it looks like one. */
const read = (value: string): Value => ({ text: value, isNumber: numeric.test(value) });
const number = (value: number): Value => ({ text: String(value), isNumber: true, isCalculated: true });
/** As it is written. A number that was calculated and has a fraction has a form of its own. */
const written = ({ text: value, isCalculated = false }: Value): string => {
  if (isCalculated && !/^-?\d{1,15}$/.test(value)) throw new NotUnderstood(`awk: it writes ${value}`);
  return value;
};
const truth = (value: boolean): Value => number(value ? 1 : 0);

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super();
    this.code = code;
  }
}

class Next extends Error {}

export interface AwkOptions {
  readonly separator: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly output: (text: string) => void;
  readonly spend: (steps: number) => void;
}

/**
 * A program of awk(1), as far as scripts use it to take fields out of lines: patterns, `print`, assignments, `sub`, `exit`.
 *
 * @returns its exit code
 * @throws NotUnderstood
 */
export function awk(program: string, lines: readonly string[], options: AwkOptions): number {
  return new Run(parseAwk(program), options).over(lines);
}

class Run {
  readonly #rules: readonly Rule[];
  readonly #options: AwkOptions;
  readonly #variables = new Map<string, Value>();
  readonly #expressions = new Map<string, Expression>();
  #record = '';
  #fields: readonly string[] = [];
  #line = 0;

  constructor(rules: readonly Rule[], options: AwkOptions) {
    this.#rules = rules;
    this.#options = options;
    for (const [name, value] of options.variables) this.#variables.set(name, read(value));
  }

  over(lines: readonly string[]): number {
    let code = 0;
    const guarded = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        if (!(error instanceof Exit)) throw error;
        code = error.code;
      }
    };
    // `exit` goes to what is done at the end, unless it comes from there.
    guarded(() => {
      this.#special('BEGIN');
      if (this.#rules.every(({ when }) => when === 'BEGIN')) return;
      for (const line of lines) {
        this.#line++;
        this.#set(line);
        this.#each();
      }
    });
    guarded(() => this.#special('END'));
    return code;
  }

  #special(when: 'BEGIN' | 'END'): void {
    for (const rule of this.#rules) if (rule.when === when) this.#all(rule.body ?? []);
  }

  #each(): void {
    try {
      for (const { when, body } of this.#rules) {
        if (when === 'BEGIN' || when === 'END') continue;
        if (when !== null && !isTrue(this.#value(when))) continue;
        if (body === null) this.#options.output(`${this.#record}\n`);
        else this.#all(body);
      }
    } catch (error) {
      if (!(error instanceof Next)) throw error;
    }
  }

  #set(record: string): void {
    this.#record = record;
    const { separator } = this.#options;
    const trimmed = record.trim();
    if (separator === ' ') this.#fields = trimmed === '' ? [] : trimmed.split(/[ \t\n]+/);
    else this.#fields = record === '' ? [] : record.split(separator);
  }

  #all(statements: readonly Statement[]): void {
    for (const statement of statements) this.#do(statement);
  }

  #do(statement: Statement): void {
    this.#options.spend(1);
    switch (statement.kind) {
      case 'print': {
        const values = statement.values.map((value) => written(this.#value(value)));
        this.#options.output(`${values.length === 0 ? this.#record : values.join(' ')}\n`);
        return;
      }
      case 'exit':
        throw new Exit(statement.code === null ? 0 : numberOf(this.#value(statement.code)) & 0xff);
      case 'next':
        throw new Next();
      case 'if':
        this.#all(isTrue(this.#value(statement.test)) ? statement.body : statement.otherwise);
        return;
      default:
        this.#value(statement.value);
    }
  }

  #value(expression: AwkExpression): Value {
    this.#options.spend(1);
    switch (expression.kind) {
      case 'number':
        return number(expression.value);
      case 'string':
        return text(expression.value);
      case 'match':
        return truth(this.#expression(expression.pattern).test(this.#record));
      case 'field':
        return this.#field(numberOf(this.#value(expression.index)));
      case 'variable':
        if (expression.name === 'NR') return number(this.#line);
        if (expression.name === 'NF') return number(this.#fields.length);
        return this.#variables.get(expression.name) ?? { text: '', isNumber: true };
      case 'assign': {
        const value = this.#value(expression.value);
        this.#variables.set(expression.name, value);
        return value;
      }
      case 'not':
        return truth(!isTrue(this.#value(expression.value)));
      case 'whole':
        return number(Math.trunc(numberOf(this.#value(expression.value))));
      case 'substitute':
        return this.#substitute(expression);
      default:
        return this.#binary(expression.operator, expression.left, expression.right);
    }
  }

  #field(index: number): Value {
    if (index === 0) return read(this.#record);
    return index > 0 && index <= this.#fields.length ? read(this.#fields[index - 1]!) : text('');
  }

  #binary(operator: string, left: AwkExpression, right: AwkExpression): Value {
    const first = this.#value(left);
    if (operator === '&&') return truth(isTrue(first) && isTrue(this.#value(right)));
    if (operator === '||') return truth(isTrue(first) || isTrue(this.#value(right)));
    if (operator === '~' || operator === '!~') {
      if (right.kind !== 'match') throw new NotUnderstood('awk: an expression that is made');
      return truth(this.#expression(right.pattern).test(first.text) === (operator === '~'));
    }
    const second = this.#value(right);
    if (operator === ' ') return text(written(first) + written(second));
    const [a, b] = [numberOf(first), numberOf(second)];
    switch (operator) {
      case '+':
        return number(a + b);
      case '-':
        return number(a - b);
      case '*':
        return number(a * b);
      case '/':
        if (b === 0) throw new NotUnderstood('awk: it divides by zero');
        return number(a / b);
    }
    const bothAre = first.isNumber && second.isNumber;
    const order = bothAre ? a - b : first.text === second.text ? 0 : first.text < second.text ? -1 : 1;
    switch (operator) {
      case '==':
        return truth(order === 0);
      case '!=':
        return truth(order !== 0);
      case '<':
        return truth(order < 0);
      case '<=':
        return truth(order <= 0);
      case '>':
        return truth(order > 0);
      default:
        return truth(order >= 0);
    }
  }

  /** `sub(/x/, "y")` and `gsub` in the whole line. */
  #substitute({ pattern, replacement, all }: AwkExpression & { kind: 'substitute' }): Value {
    const expression = this.#expression(pattern);
    let changed = '';
    let [at, count] = [0, 0];
    while (all || count === 0) {
      const found = expression.match(this.#record, at);
      if (found === undefined) break;
      if (found.end === found.start) throw new NotUnderstood('awk: an expression that matches nothing');
      changed += this.#record.slice(at, found.start) + replacement;
      at = found.end;
      count++;
    }
    if (count > 0) this.#set(changed + this.#record.slice(at));
    return number(count);
  }

  #expression(pattern: string): Expression {
    const known = this.#expressions.get(pattern);
    if (known !== undefined) return known;
    const made = new Expression(pattern, { extended: true, spend: this.#options.spend });
    this.#expressions.set(pattern, made);
    return made;
  }
}

function isTrue({ text: value, isNumber }: Value): boolean {
  return isNumber ? numberOf({ text: value, isNumber }) !== 0 : value !== '';
}

function numberOf({ text: value }: Value): number {
  return Number(/^\s*[-+]?(\d+\.?\d*|\.\d+)/.exec(value)?.[0] ?? '0');
}
