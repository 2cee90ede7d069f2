import type { PratiqueError } from '@pratique/errors';
import { hearSignals } from '@pratique/storage';
import { load } from '../commands/index.ts';
import { milliseconds } from '../policy/duration.ts';
import { commands } from '../specs/index.ts';
import { settings } from './config.ts';
import { CommandFailure, exit, exitCodeOf } from './exit.ts';
import { commandHelp, overview } from './help.ts';
import { parse } from './parse.ts';
import { nameRequests, programFlagsOf, writingTo } from './program-flags.ts';
import { asPratiqueError, errorJson, errorText } from './report-error.ts';
import type { FlagSpecs, FlagValues } from './spec.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line; resolves to the exit code. Everything thrown is told on standard error with its code. */
export async function run(argv: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  let json = false;
  let name = 'COMMAND';
  try {
    const parsed = parse(commands, argv);
    if (parsed.kind === 'overview') {
      const shown =
        parsed.prefix === '' ? commands : commands.filter(({ name }) => name.startsWith(`${parsed.prefix} `));
      terminal.out(overview(shown, parsed.prefix, terminal.colour.out));
      return exit.ok;
    }
    if (parsed.kind === 'help') {
      terminal.out(commandHelp(parsed.command, terminal.colour.out));
      return exit.ok;
    }
    name = parsed.command.name;
    const resolved = await settings(parsed.command, parsed.given, terminal, commands);
    const flags = Object.fromEntries(Object.entries(resolved).map(([name, { value }]) => [name, value]));
    json = flags.output === 'json' && resolved.output?.origin !== 'default';
    const { timeout, verbose, outputFile } = programFlagsOf(parsed.command, flags);
    const bound = timeout === undefined ? undefined : milliseconds('timeout', timeout);
    if (verbose) nameRequests(terminal);
    const command = await load(parsed.command.name);
    // A command may begin with what hears no signal, such as reading from a pipe.
    await hearSignals(signal);
    return await command({
      args: parsed.args,
      flags: flags as FlagValues<FlagSpecs>,
      terminal: outputFile === undefined ? terminal : writingTo(outputFile, terminal),
      signal: bound === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(bound)]),
    });
  } catch (thrown) {
    if (signal.aborted) return exit.interrupted;
    const error = namingHelp(asPratiqueError(thrown instanceof CommandFailure ? thrown.cause : thrown), name);
    terminal.err(json ? errorJson(error) : errorText(error, terminal.colour.err));
    if (error.code === 'INTERNAL' && terminal.env['PRATIQUE_DEBUG'])
      terminal.err(`${(error.cause as Error)?.stack ?? ''}\n`);
    return exitCodeOf(thrown instanceof CommandFailure ? thrown : error);
  }
}

/** A remedy that leads to the help of a command leads to that of the one that was called. */
function namingHelp(error: PratiqueError, name: string): PratiqueError {
  return error.retold({ remedy: error.remedy.replace('pratique COMMAND --help', `pratique ${name} --help`) });
}
