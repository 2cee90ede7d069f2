import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { readText } from './read-file.ts';
import type { CommandSpec, FlagSpec } from './spec.ts';
import type { Terminal } from './terminal.ts';

/** A flag's value in force and where it comes from, for `pratique config`. */
export interface Setting {
  readonly value: unknown;
  readonly origin: string;
}

/** The configuration files in force, nearest first: `pratique.yaml` of the directory or one above it, then the user's. */
export function configFiles(terminal: Pick<Terminal, 'cwd' | 'env'>): string[] {
  const files: string[] = [];
  for (let directory = terminal.cwd; ; directory = dirname(directory)) {
    const file = join(directory, 'pratique.yaml');
    if (existsSync(file)) {
      files.push(file);
      break;
    }
    if (dirname(directory) === directory) break;
  }
  const user = join(
    terminal.env['XDG_CONFIG_HOME'] || join(terminal.env['HOME'] || homedir(), '.config'),
    'pratique',
    'pratique.yaml',
  );
  if (existsSync(user) && !files.includes(user)) files.push(user);
  return files;
}

async function readConfig(file: string, commands: readonly CommandSpec[]): Promise<Record<string, unknown>> {
  const { readYaml, YamlError } = await import('@pratique/yaml');
  let content: unknown;
  try {
    content = readYaml(readText(file, '/'), { maxAliases: 10 });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw cliErrors.error('CONFIG_INVALID', { message: `${file}: ${printable(error.text, 300)}` });
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw cliErrors.error('CONFIG_INVALID', {
      message: `${file}: expected flag names with values`,
      expected: 'a mapping',
      found: typeof content,
    });
  }
  const known = new Set(commands.flatMap((command) => Object.keys(command.flags)));
  const sections = new Map(commands.map((command) => [command.name, command]));
  for (const [key, value] of Object.entries(content)) {
    const section = sections.get(key);
    const names = section && typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const unknown =
      section && names.length > 0
        ? names.find((name) => !(name in section.flags))
        : known.has(key)
          ? undefined
          : key;
    if (unknown !== undefined) {
      throw cliErrors.error('CONFIG_INVALID', {
        message: `${file}: no option is named '${unknown}'${section ? ` in '${key}'` : ''}`,
        expected: section
          ? Object.keys(section.flags).join(', ')
          : 'the name of a flag, or of a command with its flags below it',
        found: unknown,
      });
    }
  }
  return content as Record<string, unknown>;
}

function coerce(name: string, flag: FlagSpec, value: unknown, origin: string): unknown {
  const wrong = (): never => {
    throw cliErrors.error('CONFIG_INVALID', {
      message: `${origin}: '${name}' has a value of the wrong type`,
      expected: flag.choices ? flag.choices.join(' | ') : flag.kind,
      found: JSON.stringify(value)?.slice(0, 100) ?? 'nothing',
      ...(origin.startsWith('$') && {
        remedy: `Correct the environment variable, or unset it: unset ${origin.slice(1)}`,
      }),
    });
  };
  switch (flag.kind) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0' || value === '') return false;
      return wrong();
    case 'integer': {
      const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
      return Number.isSafeInteger(number) ? number : wrong();
    }
    case 'list':
      if (typeof value === 'string') return value === '' ? [] : value.split(',');
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : wrong();
    case 'string':
      if (typeof value !== 'string') return wrong();
      return flag.choices && !flag.choices.includes(value) ? wrong() : value;
  }
}

/** Every flag of `command`: given on the command line, else `PRATIQUE_<FLAG>`, else a file, else the default. */
export async function settings(
  command: CommandSpec,
  given: Readonly<Record<string, unknown>>,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
  commands: readonly CommandSpec[],
): Promise<Record<string, Setting>> {
  const files: { file: string; content: Record<string, unknown> }[] = [];
  for (const file of configFiles(terminal)) files.push({ file, content: await readConfig(file, commands) });
  const result: Record<string, Setting> = {};
  for (const [name, flag] of Object.entries(command.flags)) {
    result[name] = setting(command, name, flag, given, terminal, files);
  }
  return result;
}

/** Variables of the program itself, called as those of flags are. */
const notOfFlags: readonly string[] = ['PRATIQUE_CACHE', 'PRATIQUE_NODE', 'PRATIQUE_DEBUG'];

function setting(
  command: CommandSpec,
  name: string,
  flag: FlagSpec,
  given: Readonly<Record<string, unknown>>,
  terminal: Pick<Terminal, 'env'>,
  files: readonly { file: string; content: Record<string, unknown> }[],
): Setting {
  if (given[name] !== undefined) return { value: given[name], origin: `--${name}` };
  const own = `PRATIQUE_${name.toUpperCase().replaceAll('-', '_')}`;
  const variables = [own, ...(flag.env ?? [])].filter((variable) => !notOfFlags.includes(variable));
  for (const variable of variables) {
    const value = terminal.env[variable];
    if (value !== undefined && value !== '')
      return { value: coerce(name, flag, value, `$${variable}`), origin: `$${variable}` };
  }
  for (const { file, content } of files) {
    const section = Object.hasOwn(content, command.name) ? content[command.name] : undefined;
    if (section && typeof section === 'object' && Object.hasOwn(section, name)) {
      return { value: coerce(name, flag, (section as Record<string, unknown>)[name], file), origin: file };
    }
    if (Object.hasOwn(content, name)) return { value: coerce(name, flag, content[name], file), origin: file };
  }
  const fallback = 'default' in flag ? flag.default : undefined;
  return {
    value: fallback ?? (flag.kind === 'boolean' ? false : flag.kind === 'list' ? [] : undefined),
    origin: 'default',
  };
}
