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
  const printed = printer(terminal);
  const admission = await startAdmission({
    gate,
    listen: flags.listen,
    tls: tlsOptions(flags, terminal),
    deadlineMs: flags.deadline,
    mutateWorkloads: flags['mutate-workloads'],
    decisionLogStats: () => (log ?? printed).stats,
    log: {
      review: (event) => (log === undefined ? printed.review(event) : logReview(event, log)),
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

/** Prints decisions on standard error, and counts those that nobody reads. */
function printer(terminal: Terminal) {
  const lost = { buffer_full: 0, too_large: 0, not_uploaded: 0, not_written: 0 };
  const stats = { logged: 0, dropped: 0, lost };
  return {
    stats,
    review({ endpoint, uid, operation, decision, skipped, milliseconds }: ReviewEvent): void {
      const { evidence: _, ...told } = decision;
      const rounded = Math.round(milliseconds * 100) / 100;
      const line = { ...told, endpoint, uid, operation, skipped, milliseconds: rounded };
      stats.logged++;
      if (!terminal.err(`${JSON.stringify(line)}\n`)) lost.not_written++;
    },
  };
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
