// The `pratique` command.
import { run } from './program/run.ts';
import { processTerminal } from './program/terminal.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => abort.abort(new Error(signal)));
// A reader that stops early (`pratique tree … | head`) is not a failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
// Not awaited at the top level: the built command is CommonJS, which has no such thing.
void run(process.argv.slice(2), processTerminal(), abort.signal).then((code) => {
  process.exitCode = code;
  // Once everything is written, at once: taking the engine down piece by piece costs the user 10 ms.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
});
