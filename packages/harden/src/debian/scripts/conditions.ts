import { Accounts } from './accounts.ts';
import type { Shell } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** `test EXPRESSION` (XCU, test): 0 or 1. @throws NotUnderstood */
export function test(args: readonly string[], shell: Shell): number {
  const rest = [...args];
  const either = (): boolean => {
    let value = both();
    while (rest[0] === '-o') {
      rest.shift();
      const other = both();
      value ||= other;
    }
    return value;
  };
  const both = (): boolean => {
    let value = one();
    while (rest[0] === '-a') {
      rest.shift();
      const other = one();
      value &&= other;
    }
    return value;
  };
  const one = (): boolean => {
    if (rest.length >= 3 && isBinary(rest[1]!)) {
      const [left, operator, right] = rest.splice(0, 3) as [string, string, string];
      return compare(left, operator, right);
    }
    if (rest[0] === '!' && rest.length > 1) {
      rest.shift();
      return !one();
    }
    if (rest[0] === '(') {
      rest.shift();
      const value = either();
      if (rest.shift() !== ')') throw new NotUnderstood('');
      return value;
    }
    if (rest.length >= 2 && /^-[a-zA-Z]$/.test(rest[0]!)) {
      const [operator, value] = rest.splice(0, 2) as [string, string];
      return unary(operator, value, shell);
    }
    return rest.shift() !== '';
  };
  if (rest.length === 0) return 1;
  const value = either();
  if (rest.length > 0) throw new NotUnderstood('');
  return value ? 0 : 1;
}

function isBinary(operator: string): boolean {
  return ['=', '==', '!=', '-eq', '-ne', '-lt', '-le', '-gt', '-ge'].includes(operator);
}

function compare(left: string, operator: string, right: string): boolean {
  if (operator === '=' || operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (!/^-?\d+$/.test(left) || !/^-?\d+$/.test(right)) throw new NotUnderstood('');
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    default:
      return a >= b;
  }
}

function unary(operator: string, value: string, { changes, user }: Shell): boolean {
  if (operator === '-n') return value !== '';
  if (operator === '-z') return value === '';
  // Is it a terminal? Nothing here is one.
  if (operator === '-t') return false;
  if (value === '') return false;
  // What is left to the first start would be there.
  if (changes.isNotMade(value)) return /^-[efrsw]$/.test(operator);
  switch (operator) {
    case '-e':
      return changes.follow(value) !== undefined;
    case '-f':
      return changes.follow(value)?.type === 'file';
    case '-d':
      return changes.follow(value)?.type === 'directory';
    case '-L':
    case '-h':
      return changes.at(value)?.type === 'symlink';
    case '-s':
      return (changes.follow(value)?.size ?? 0) > 0;
    case '-r':
    case '-w':
      if (user !== 'root') throw new NotUnderstood(`what ${user} may do with ${value}`);
      return changes.follow(value) !== undefined;
    case '-u':
      return ((changes.follow(value)?.mode ?? 0) & 0o4000) !== 0;
    case '-g':
      return ((changes.follow(value)?.mode ?? 0) & 0o2000) !== 0;
    case '-O':
      return changes.follow(value)?.uid === new Accounts(changes).uid(user);
    case '-G': {
      const gid = new Accounts(changes).line('passwd', user)?.split(':')[3];
      return String(changes.follow(value)?.gid) === gid;
    }
    case '-x': {
      const node = changes.follow(value);
      return node !== undefined && (node.type === 'directory' || (node.mode & 0o111) !== 0);
    }
    default:
      throw new NotUnderstood('');
  }
}
