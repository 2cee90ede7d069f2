import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { startRegistry } from '@pratique/registry';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import { readKeyPair } from '../program/tls-files.ts';
import type { registryServe } from '../specs/servers.ts';

export const run: Run<typeof registryServe.flags> = async ({ flags, terminal, signal }) => {
  const files = { cert: flags['tls-cert'], key: flags['tls-key'] };
  const tls = readKeyPair(files, { cert: 'tls-cert', key: 'tls-key' }, terminal);
  const registry = await startRegistry({
    listen: flags.listen ?? '127.0.0.1:5000',
    allowedHosts: flags['allowed-host'],
    directory: resolve(terminal.cwd, flags.data),
    readOnly: flags['read-only'],
    ...(tls === undefined ? {} : { tls }),
    log: ({ method, url, status, milliseconds, fault }) => {
      if (status >= 500)
        terminal.err(
          `${method} ${printable(url)} ${status} ${milliseconds.toFixed(1)} ms ${fault instanceof Error ? fault.message : ''}\n`,
        );
    },
  });
  return await serveUntilStopped(
    { urls: { registry: registry.url }, close: () => registry.close() },
    flags.output,
    terminal,
    signal,
  );
};
