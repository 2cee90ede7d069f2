import type { Terminal } from './terminal.ts';

interface FlagBase {
  readonly summary: string;
  readonly short?: string;
  /** What stands for the value in help: `FILE`, `KEY=VALUE`. */
  readonly placeholder?: string;
  /** Other spellings, accepted and not shown. */
  readonly aliases?: readonly string[];
  /** Environment variables of other tools that are honoured after PRATIQUE_<FLAG>, first one set wins. */
  readonly env?: readonly string[];
  /** Accepted, left out of help: the ways of other tools' older versions. */
  readonly hidden?: boolean;
  /** Known from other tools and not done here: whoever gives it hears this, why and what to do instead. */
  readonly refused?: string;
  /** Allowed values. */
  readonly choices?: readonly string[];
}

/** One option of a command. Booleans understand `--x`, `--x=true`, `--x=false` and `--no-x`; lists may be repeated. */
export type FlagSpec = FlagBase &
  (
    | { readonly kind: 'boolean'; readonly default?: boolean }
    | { readonly kind: 'string'; readonly default?: string }
    | { readonly kind: 'integer'; readonly default?: number }
    | { readonly kind: 'list' }
  );

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<F extends FlagSpec> = F extends { kind: 'boolean' }
  ? boolean
  : F extends { kind: 'list' }
    ? readonly string[]
    : F extends { kind: 'integer' }
      ? F extends { default: number }
        ? number
        : number | undefined
      : F extends { default: string }
        ? string
        : string | undefined;

export type FlagValues<S extends FlagSpecs> = { readonly [Name in keyof S]: FlagValue<S[Name]> };

/** What a command's implementation gets. */
export interface Invocation<S extends FlagSpecs> {
  readonly args: readonly string[];
  readonly flags: FlagValues<S>;
  readonly terminal: Terminal;
  /** Aborted on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** A command's implementation; resolves to the exit code (design §4: 0 ok, 2 denied, 10–13 as cosign). */
export type Run<S extends FlagSpecs> = (invocation: Invocation<S>) => Promise<number>;

/** A command as data: help, completion, parsing and the documentation are all made from it. */
export interface CommandSpec<S extends FlagSpecs = FlagSpecs> {
  /** Words after `pratique`: `verify`, `registry serve`. */
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** Help starts with these. */
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly description?: string;
  /** As in a usage line: `IMAGE`, `FILE...`, `[SHELL]`. */
  readonly args: readonly string[];
  readonly flags: S;
}

/** Keeps the literal types of a command's flags. */
export function defineCommand<const S extends FlagSpecs>(spec: CommandSpec<S>): CommandSpec<S> {
  return spec;
}
