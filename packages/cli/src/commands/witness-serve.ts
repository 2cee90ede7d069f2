import { resolve } from 'node:path';
import { startWitness } from '@pratique/sigstore-server';
import { cliErrors } from '../errors.ts';
import { readPassphrase } from '../keys/passphrase-file.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import type { witnessServe } from '../specs/sigstore-server.ts';

export const run: Run<typeof witnessServe.flags> = async ({ flags, terminal, signal }) => {
  const { name } = flags;
  if (name === undefined || flags.log.length === 0) {
    throw cliErrors.error('USAGE', {
      message: 'a witness has a name, and logs whose checkpoints it cosigns',
      expected: '--name witness.example.com/w1 --log VKEY',
      found: name === undefined ? 'no --name' : 'no --log',
    });
  }
  const passphrase = readPassphrase(flags['passphrase-file'], terminal);
  const witness = await startWitness({
    listen: flags.listen ?? '127.0.0.1:5090',
    allowedHosts: flags['allowed-host'],
    directory: resolve(terminal.cwd, flags.data),
    name,
    logs: flags.log,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  terminal.err(`in a witness policy: witness ${name} ${witness.verifierKey} ${witness.url}\n`);
  return await serveUntilStopped(
    { urls: { witness: witness.url }, close: () => witness.close() },
    flags.output,
    terminal,
    signal,
  );
};
