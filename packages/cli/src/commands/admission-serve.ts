import { openGate } from '../gate/open-gate.ts';
import { startWebhook } from '../gate/start-webhook.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { Run } from '../program/spec.ts';
import { notaryAccess, openClient } from '../registry/client.ts';
import type { admissionServe } from '../specs/gates.ts';

export const run: Run<typeof admissionServe.flags> = async ({ flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const webhook = await startWebhook(
      { ...flags, listen: flags.listen ?? '127.0.0.1:8443' },
      await openGate(flags, client, terminal, notaryAccess(flags, terminal)),
      terminal,
    );
    return await serveUntilStopped(
      { urls: { admission: webhook.url }, close: () => webhook.close() },
      flags.output,
      terminal,
      signal,
    );
  } finally {
    client.close();
  }
};
