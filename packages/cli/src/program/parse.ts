import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { cliErrors } from '../errors.ts';

import { flagUsage } from './help.ts';
import type { CommandSpec, FlagSpec } from './spec.ts';

/** What was asked for, before configuration and environment fill in what was not given. */
export type Parsed =
  | {
      readonly kind: 'run';
      readonly command: CommandSpec;
      readonly args: readonly string[];
      readonly given: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'help'; readonly command: CommandSpec }
  | { readonly kind: 'overview'; readonly prefix: string };

/** The command whose words start `argv`; the longest name wins, so `registry serve` is found before `registry`. */
function findCommand(commands: readonly CommandSpec[], argv: readonly string[]): CommandSpec | undefined {
  return commands
    .filter(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

/** Go's way of writing booleans: `--x=true`, `--x=false`. @throws USAGE for another value */
function normaliseBooleans(command: CommandSpec, argv: readonly string[]): string[] {
  const booleans = booleansOf(command);
  const end = argv.indexOf('--');
  return argv.map((token, index) => {
    const [, name = '', value = ''] =
      (end !== -1 && index > end ? null : /^--([a-z0-9-]+)=(.*)$/s.exec(token)) ?? [];
    // cosign has a flag for the opposite: `--no-upload=true`.
    const flag = booleans.has(name) ? name : name.replace(/^no-/, '');
    if (!booleans.has(flag)) return token;
    if (!/^(?:true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value))
      throw usage(command, `--${name} takes no such value`, `--${name}, or =true or =false behind it`, value);
    const isTrue = /^(t|1)/i.test(value);
    return isTrue === (flag === name) ? `--${flag}` : `--no-${flag}`;
  });
}

function integer(value: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(value);
}

function addFlag(target: Command, key: string, name: string, flag: FlagSpec): void {
  const option = new Option(
    flagUsage(name, name === key ? flag : { ...flag, short: '' })
      .trim()
      .replace(/ (\S+)$/, (whole, value) => (flag.kind === 'boolean' ? whole : ` <${value}>`)),
  );
  if (flag.kind === 'list')
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  if (flag.kind === 'integer') option.argParser(integer);
  if (flag.choices) option.choices(flag.choices);
  target.addOption(option);
  if (flag.kind === 'boolean') target.addOption(new Option(`--no-${name}`));
}

/** cosign takes `--cert` for `--certificate`, and so in `--cert-identity` and the others. */
function shortened(name: string): readonly string[] {
  return name.startsWith('certificate') ? [name.replace('certificate', 'cert')] : [];
}

/** The names of a flag: its own, older ones, and those of cosign. */
const namesOf = (key: string, flag: FlagSpec): readonly string[] => [
  key,
  ...(flag.aliases ?? []),
  ...shortened(key),
];

function booleansOf(command: CommandSpec): ReadonlySet<string> {
  const booleans = Object.entries(command.flags).filter(([, flag]) => flag.kind === 'boolean');
  return new Set(booleans.flatMap(([key, flag]) => namesOf(key, flag)));
}

interface Parser {
  readonly parser: Command;
  /** Flags by what Commander calls them. */
  readonly names: ReadonlyMap<string, string>;
}

/** A parser that knows the flags of `command` with such a name, and all that have a short one. */
function createParser(command: CommandSpec, isWanted: (name: string) => boolean): Parser {
  const parser = new Command(command.name).helpOption(false).exitOverride().allowExcessArguments(true);
  parser.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  const names = new Map<string, string>();
  for (const [key, flag] of Object.entries(command.flags)) {
    for (const name of namesOf(key, flag)) {
      if (!isWanted(name) && !flag.short) continue;
      addFlag(parser, key, name, flag);
      names.set(new Option(`--${name}`).attributeName(), key);
    }
  }
  parser.argument('[args...]');
  return { parser, names };
}

/**
 * Parses with the flags that are mentioned: Commander compares each one with all others, which takes it longer than a
 * registry takes to answer. Others cannot change what is understood, only what is said about what is not.
 */
function parseTokens(command: CommandSpec, tokens: readonly string[]): Parser {
  const mentioned = new Set(tokens.map((token) => /^--([^=]+)/.exec(token)?.[1]));
  const few = createParser(command, (name) => mentioned.has(name) || mentioned.has(`no-${name}`));
  try {
    few.parser.parse(tokens, { from: 'user' });
    return few;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  const all = createParser(command, () => true);
  try {
    all.parser.parse(tokens, { from: 'user' });
    return all;
  } catch (error) {
    if (error instanceof CommanderError) throw usage(command, said(error));
    throw error;
  }
}

/** What Commander says, on one line. */
function said(error: unknown): string {
  return (error as Error).message.replace(/^error: /, '').replaceAll('\n', ' ');
}

/** Parses a command line. Throws `USAGE` with what was expected; never exits and never prints. */
export function parse(commands: readonly CommandSpec[], argv: readonly string[]): Parsed {
  const command = findCommand(commands, argv);
  const wantsHelp = argv.includes('--help') || argv.includes('-h');
  if (!command) {
    if (argv[0] === '--version') return parse(commands, ['version', ...argv.slice(1)]);
    if (argv[0]?.startsWith('-') && !wantsHelp) {
      throw cliErrors.error('USAGE', {
        message: `no command is named before ${argv[0]}`,
        expected: 'pratique COMMAND [options]',
        remedy: 'pratique --help',
      });
    }
    const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
    if (argv[0] === 'help' && findCommand(commands, words))
      return { kind: 'help', command: findCommand(commands, words)! };
    if (words.length === 0) return { kind: 'overview', prefix: '' };
    const group = commands.filter(({ name }) => name.startsWith(`${words[0]} `));
    if (group.length > 0 && (words.length === 1 || wantsHelp)) return { kind: 'overview', prefix: words[0]! };
    throw unknownCommand(commands, words);
  }
  const rest = argv.slice(command.name.split(' ').length);
  const end = rest.indexOf('--');
  if (wantsHelp && !(end !== -1 && !rest.slice(0, end).some((word) => word === '--help' || word === '-h'))) {
    return { kind: 'help', command };
  }

  const tokens = normaliseBooleans(command, rest);
  const { parser, names } = parseTokens(command, tokens);
  const given: Record<string, unknown> = {};
  for (const [attribute, value] of Object.entries(parser.opts())) {
    const key = names.get(attribute);
    if (key === undefined || value === undefined) continue;
    if (parser.getOptionValueSource(attribute) !== 'cli') continue;
    // Commander takes `--no-x` for the negation of `--x`; a flag that is called so is meant as it stands.
    const meant = key.startsWith('no-') && typeof value === 'boolean' ? !value : value;
    given[key] = Array.isArray(meant) && Array.isArray(given[key]) ? [...given[key], ...meant] : meant;
  }
  for (const [name, value] of Object.entries(given)) {
    const { refused } = command.flags[name]!;
    // Whoever says `--x=false` does without it.
    if (refused !== undefined && value !== false)
      throw usage(command, `--${name} is not done here: ${refused}`);
  }
  checkArguments(command, parser.args);
  return { kind: 'run', command, args: parser.args, given };
}

function checkArguments(command: CommandSpec, args: readonly string[]): void {
  const required = command.args.filter((arg) => !arg.startsWith('[')).length;
  const many = command.args.some((arg) => arg.includes('...'));
  const wanted = command.args.length === 0 ? 'no arguments' : command.args.join(' ');
  if (args.length < required) {
    throw usage(
      command,
      `pratique ${command.name} needs ${wanted}`,
      wanted,
      args.length === 0 ? 'nothing' : args.join(' '),
    );
  }
  if (!many && args.length > command.args.length) {
    throw usage(command, `pratique ${command.name} takes ${wanted}`, wanted, args.join(' '));
  }
}

function usage(command: CommandSpec, message: string, expected?: string, found?: string): Error {
  return cliErrors.error('USAGE', { message, expected, found, remedy: `pratique ${command.name} --help` });
}

function unknownCommand(commands: readonly CommandSpec[], words: readonly string[]): Error {
  const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
  const prefix = isGroup ? `${words[0]} ` : '';
  const word = words[isGroup ? 1 : 0]!;
  const remedy = `pratique ${prefix}--help`;
  // Commander knows how to say "Did you mean …?".
  const parser = new Command('pratique')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  const names = commands.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  for (const name of new Set(names.map((whole) => whole.slice(prefix.length).split(' ')[0]!)))
    parser.command(name);
  try {
    parser.parse([word], { from: 'user' });
  } catch (error) {
    return cliErrors.error('USAGE', {
      message: said(error).replace(`'${word}'`, `'${prefix}${word}'`),
      remedy,
    });
  }
  return cliErrors.error('USAGE', { message: `unknown command '${words.join(' ')}'`, remedy });
}
