// The `pratique` command.
import { run } from './program/run.ts';
import { processTerminal } from './program/terminal.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => abort.abort(new Error(signal)));
// A reader that stops early (`pratique tree … | head`) is not a failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2), processTerminal(), abort.signal);
