import { resolve } from 'node:path';
import { type Admission, type ReviewEvent, startAdmission, type TlsOptions } from '@pratique/admission';
import { printable } from '@pratique/errors';
import type { DecisionLog, Gate } from '@pratique/policy';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { keptCertificate } from './certificate.ts';
import { openLog, problemLine } from './decision-log.ts';

export interface WebhookFlags {
  readonly listen: string;
  readonly data: string | undefined;
  readonly deadline: number;
  readonly 'mutate-workloads': boolean;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly 'tls-name': readonly string[];
}

/**
 * Starts the webhook. Decisions go where the trust configuration's `decisionLog` says; without one, each is a line of
 * JSON on standard error.
 */
export async function startWebhook(flags: WebhookFlags, gate: Gate, terminal: Terminal): Promise<Admission> {
  if (flags.deadline < 1) {
    throw cliErrors.error('USAGE', {
      message: 'nothing can be decided in no time',
      expected: '--deadline in milliseconds, such as 8000',
      found: String(flags.deadline),
    });
  }
  const log = openLog(gate.trust, terminal);
  const admission = await startAdmission({
    gate,
    listen: flags.listen,
    tls: tlsOptions(flags, terminal),
    deadlineMs: flags.deadline,
    mutateWorkloads: flags['mutate-workloads'],
    ...(log === undefined ? {} : { decisionLogStats: () => log.stats }),
    log: {
      review: (event) => (log === undefined ? printReview(event, terminal) : logReview(event, log)),
      problem: (error) => terminal.err(problemLine(error)),
      certificate: (expires) => terminal.err(`${JSON.stringify({ certificate: 'exchanged', expires })}\n`),
    },
  });
  return {
    ...admission,
    async close() {
      await admission.close();
      await log?.close();
    },
  };
}

function printReview(
  { endpoint, uid, operation, decision, skipped, milliseconds }: ReviewEvent,
  terminal: Terminal,
): void {
  const { evidence: _, ...told } = decision;
  terminal.err(
    `${JSON.stringify({ ...told, endpoint, uid, operation, skipped, milliseconds: Math.round(milliseconds * 100) / 100 })}\n`,
  );
}

async function logReview(
  { endpoint, uid, operation, decision, skipped, milliseconds }: ReviewEvent,
  log: DecisionLog,
): Promise<void> {
  const request = {
    endpoint,
    uid: printable(uid),
    operation,
    ...(skipped === undefined ? {} : { skipped }),
  };
  await log.log(decision, { request, milliseconds });
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
