import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { startRegistry } from '@pratique/registry';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import type { registryServe } from '../specs/servers.ts';

export const run: Run<typeof registryServe.flags> = async ({ flags, terminal, signal }) => {
  if (Boolean(flags['tls-cert']) !== Boolean(flags['tls-key'])) {
    throw cliErrors.error('USAGE', {
      message: 'a certificate and its private key go together',
      expected: '--tls-cert FILE --tls-key FILE',
      found: flags['tls-cert'] ? 'only --tls-cert' : 'only --tls-key',
    });
  }
  const read = (file: string): string => readText(file, terminal.cwd);
  const registry = await startRegistry({
    listen: flags.listen ?? '127.0.0.1:5000',
    directory: resolve(terminal.cwd, flags.data),
    readOnly: flags['read-only'],
    ...(flags['tls-cert'] && flags['tls-key']
      ? { tls: { cert: read(flags['tls-cert']), key: read(flags['tls-key']) } }
      : {}),
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
