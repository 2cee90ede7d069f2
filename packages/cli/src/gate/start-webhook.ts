import { resolve } from 'node:path';
import { type Admission, startAdmission, type TlsOptions } from '@pratique/admission';
import { printable } from '@pratique/errors';
import type { RegistryClient } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { keptCertificate } from './certificate.ts';
import { type GateFlags, openGate } from './open-gate.ts';

export interface WebhookFlags extends GateFlags {
  readonly listen: string;
  readonly data: string | undefined;
  readonly deadline: number;
  readonly 'mutate-workloads': boolean;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly 'tls-name': readonly string[];
}

/** Starts the webhook; each decision is one line of JSON on standard error. */
export async function startWebhook(
  flags: WebhookFlags,
  client: RegistryClient,
  terminal: Terminal,
): Promise<Admission> {
  return await startAdmission({
    gate: await openGate(flags, client, terminal),
    listen: flags.listen,
    tls: tlsOptions(flags, terminal),
    deadlineMs: flags.deadline,
    mutateWorkloads: flags['mutate-workloads'],
    log: {
      review({ endpoint, uid, operation, decision, skipped, milliseconds }) {
        const { evidence: _, ...told } = decision;
        terminal.err(
          `${JSON.stringify({ ...told, endpoint, uid, operation, skipped, milliseconds: Math.round(milliseconds * 100) / 100 })}\n`,
        );
      },
      problem: (error) =>
        terminal.err(
          `${JSON.stringify({ problem: printable(error instanceof Error ? error.message : String(error), 500) })}\n`,
        ),
      certificate: (expires) => terminal.err(`${JSON.stringify({ certificate: 'exchanged', expires })}\n`),
    },
  });
}

function tlsOptions(flags: WebhookFlags, terminal: Terminal): TlsOptions {
  const certFile = flags['tls-cert'];
  const keyFile = flags['tls-key'];
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile: resolve(terminal.cwd, certFile), keyFile: resolve(terminal.cwd, keyFile) };
  }
  if (certFile !== undefined || keyFile !== undefined) {
    throw cliErrors.error('USAGE', {
      message: 'a certificate and its private key go together',
      expected: '--tls-cert FILE --tls-key FILE',
      found: certFile ? 'only --tls-cert' : 'only --tls-key',
    });
  }
  const names = [...new Set(['localhost', '127.0.0.1', ...flags['tls-name']])];
  return flags.data === undefined ? { names } : keptCertificate(resolve(terminal.cwd, flags.data), names);
}
