import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLoopback } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { openGate } from '../gate/open-gate.ts';
import { startWebhook } from '../gate/start-webhook.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import type { up } from '../specs/servers.ts';

export const run: Run<typeof up.flags> = async ({ flags, terminal, signal }) => {
  const data = resolve(terminal.cwd, flags.data);
  const trust = flags.trust ?? (existsSync(join(data, 'trust.yaml')) ? join(data, 'trust.yaml') : undefined);
  const client = openClient(flags, terminal);
  // Before anything is made on disk, or listens.
  // Where only this machine can ask, it is the node, too.
  const isNode = isLoopback(flags['admission-listen'].replace(/:\d+$/, ''));
  const gate = await openGate({ ...flags, trust, 'local-registries': isNode }, client, terminal);
  const registry = await startRegistry({ listen: flags.listen, directory: join(data, 'registry') });
  try {
    const webhook = await startWebhook(
      {
        deadline: flags.deadline,
        listen: flags['admission-listen'],
        data: join(data, 'admission'),
        'mutate-workloads': false,
        'tls-cert': undefined,
        'tls-key': undefined,
        'tls-name': [],
      },
      gate,
      terminal,
    );
    const urls = { registry: registry.url, admission: webhook.url };
    return await serveUntilStopped({ urls, close: () => webhook.close() }, flags.output, terminal, signal);
  } finally {
    await registry.close();
    client.close();
  }
};
