// The `pratique` command.
import { run } from './program/run.ts';
import { processTerminal } from './program/terminal.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => abort.abort(new Error(signal)));
// Not awaited at the top level: the built command is CommonJS, which has no such thing.
const terminal = processTerminal();
void run(process.argv.slice(2), terminal, abort.signal).then((code) => {
  process.exitCode = code;
  // Once everything is written, at once: taking the engine down piece by piece costs the user 10 ms.
  terminal.flush(() => process.exit());
});
