import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { isLoopback, type RegistryClient } from '@pratique/oci';
import type { Gate } from '@pratique/policy';
import { startRegistry } from '@pratique/registry';
import type { SigstoreServer } from '@pratique/sigstore-server';
import { openGate } from '../gate/open-gate.ts';
import { startWebhook } from '../gate/start-webhook.ts';
import { writeFirstTrust } from '../private-sigstore/first-trust.ts';
import { sigstoreNotes, startPrivateSigstore } from '../private-sigstore/start.ts';
import { serveUntilStopped } from '../program/serve.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { notaryAccess, openClient } from '../registry/client.ts';
import type { up } from '../specs/servers.ts';

type Flags = FlagValues<typeof up.flags>;

export const run: Run<typeof up.flags> = async ({ flags, terminal, signal }) => {
  const data = resolve(terminal.cwd, flags.data);
  const own = join(data, 'trust.yaml');
  const given = flags.trust ?? (existsSync(own) ? own : undefined);
  const client = openClient(flags, terminal);
  // What is started, to be stopped in the opposite order.
  const stops: (() => Promise<void>)[] = [];
  try {
    // Before anything is made on disk, or listens, where it can be known by then.
    const early = given !== undefined || !flags.sigstore;
    const gateOf = (trust: string | undefined) => openUpGate(flags, trust, client, terminal);
    const opened = early ? await gateOf(given) : undefined;
    const urls: Record<string, string> = {};
    const sigstore = flags.sigstore
      ? await listening('sigstore-listen', () => startSigstore(flags, data, terminal))
      : undefined;
    if (sigstore !== undefined) {
      stops.unshift(() => sigstore.close());
      urls.sigstore = sigstore.url;
      urls.issuer = sigstore.issuer;
      if (given === undefined && writeFirstTrust(own, sigstore.issuer))
        terminal.err(`trust: ${own}, made now: images are allowed that people of this Sigstore signed\n`);
      terminal.err(sigstoreNotes(sigstore));
    }
    const gate = opened ?? (await gateOf(own));
    const registry = await listening('listen', () =>
      startRegistry({
        listen: flags.listen,
        allowedHosts: flags['allowed-host'],
        directory: join(data, 'registry'),
      }),
    );
    stops.unshift(() => registry.close());
    const webhookFlags = {
      deadline: flags.deadline,
      listen: flags['admission-listen'],
      data: join(data, 'admission'),
      'mutate-workloads': false,
      'tls-cert': undefined,
      'tls-key': undefined,
      'tls-name': [],
    };
    const webhook = await listening('admission-listen', () => startWebhook(webhookFlags, gate, terminal));
    stops.unshift(() => webhook.close());
    Object.assign(urls, { registry: registry.url, admission: webhook.url });
    return await serveUntilStopped({ urls, close: async () => {} }, flags.output, terminal, signal);
  } finally {
    for (const stop of stops) await stop();
    client.close();
  }
};

/** Starts one of three servers: which flag gives it another address, only this command knows. */
async function listening<Server>(flag: keyof Flags, start: () => Promise<Server>): Promise<Server> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof PratiqueError) || !error.code.endsWith('LISTEN_FAILED')) throw error;
    throw error.retold({
      remedy: `Choose another address with --${flag} HOST:PORT (port 0 takes any free one), or stop the program that uses it: ss -ltnp.`,
    });
  }
}

/** Where only this machine can ask the webhook, it is the node, too. */
function openUpGate(
  flags: Flags,
  trust: string | undefined,
  client: RegistryClient,
  terminal: Terminal,
): Promise<Gate> {
  const isNode = isLoopback(flags['admission-listen'].replace(/:\d+$/, ''));
  return openGate(
    { ...flags, trust, 'local-registries': isNode },
    client,
    terminal,
    notaryAccess(flags, terminal),
  );
}

function startSigstore(flags: Flags, data: string, terminal: Terminal): Promise<SigstoreServer> {
  return startPrivateSigstore(
    { ...flags, listen: flags['sigstore-listen'], url: flags['sigstore-url'], data: join(data, 'sigstore') },
    terminal,
  );
}
