import { parseJsonOrYaml, type Value } from '@pratique/rego';
import type { Terminal } from '../program/terminal.ts';
import { readNamed } from './read-named.ts';
import { usage } from './sources.ts';

interface InputFlags {
  readonly stdin: boolean;
  readonly 'stdin-input': boolean;
  readonly input: string | undefined;
}

/** The query of a command line: its argument, or standard input with `--stdin`. */
export function queryOf(
  command: string,
  args: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
): string {
  if (flags.stdin && flags['stdin-input']) {
    throw usage(command, 'standard input cannot be both query and input');
  }
  if (flags.stdin) return new TextDecoder().decode(terminal.stdin());
  if (args[0] === undefined) throw usage(command, 'specify a query, or --stdin');
  return args[0];
}

/** The input document that `--input` or `--stdin-input` gives. Throws `BundleError`. */
export function inputOf(flags: InputFlags, terminal: Terminal): Value | undefined {
  if (flags['stdin-input']) return parseJsonOrYaml(terminal.stdin(), 'input');
  if (flags.input === undefined) return undefined;
  const path = flags.input.replace(/^file:\/\//, '');
  return parseJsonOrYaml(readNamed(path, terminal.cwd), flags.input);
}
