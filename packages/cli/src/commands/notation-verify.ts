import { join } from 'node:path';
import { printable } from '@pratique/errors';
import {
  loadStatement,
  type NotationItem,
  type NotationRejection,
  type NotationSignature,
  type NotationVerdict,
  notationErrors,
  type TrustStatement,
  verifyNotation,
} from '@pratique/notation';
import { cliErrors } from '../errors.ts';
import { notationDirectory, readTrustPolicy, statementOf } from '../notation/directory.ts';
import { openWithSignatures, unsigned, type WithSignatures } from '../notation/open.ts';
import { openNotationPlace } from '../notation/place.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { annotationsOf } from '../registry/annotations.ts';
import { openClient } from '../registry/client.ts';
import type { notationVerify } from '../specs/notation.ts';
import { rejectionText } from './verification-report.ts';

export const run: Run<typeof notationVerify.flags> = async ({ args, flags, terminal, signal }) => {
  const wanted = annotationsOf(flags['user-metadata']);
  if (flags['oci-layout'] && flags.scope === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'an image layout has no repository that a trust policy could name',
      expected: '--scope SCOPE with --oci-layout',
      found: 'no --scope',
    });
  }
  const policy = readTrustPolicy(terminal);
  const client = openClient(flags, terminal);
  try {
    for (const text of args) {
      const image = await openNotationPlace(text, flags, client, terminal);
      const written = statementOf(policy, image.scope);
      if (written.level.name === 'skip') {
        const { digest } = await image.repository.resolve(image.version, { signal });
        terminal.out(
          `Trust policy is configured to skip signature verification for ${image.pinned(digest)}\n`,
        );
        continue;
      }
      const statement = loadStatement(written, join(notationDirectory(terminal), 'truststore'));
      const found = await openWithSignatures(image, 'verify', flags['max-signatures'], terminal, signal);
      report(found.name, firstThatCounts(found, statement, wanted, terminal), statement, terminal);
    }
    return 0;
  } finally {
    client.close();
  }
};

type Accepted = Extract<NotationVerdict, { ok: true }>;

/** The first signature that counts; one is enough. @throws NOTATION_SIGNATURE_MISSING, NOTATION_NOT_VERIFIED */
function firstThatCounts(
  { name, subject, evidence }: WithSignatures,
  statement: TrustStatement,
  wanted: Readonly<Record<string, string>>,
  terminal: Terminal,
): Accepted {
  const refused: NotationRejection[] = [...evidence.skipped];
  const now = new Date();
  for (const item of evidence.items) {
    const verdict = verifyNotation(item, subject, statement, now);
    if (!verdict.ok) refused.push(verdict.rejection);
    else if (carries(verdict.signature, wanted)) return verdict;
    else refused.push(otherMetadata(item, verdict.signature, wanted));
  }
  const [first, ...others] = refused;
  if (first === undefined) throw unsigned(name);
  for (const other of others) terminal.err(`refused: ${rejectionText(other)}\n`);
  throw notationErrors.error('NOTATION_NOT_VERIFIED', {
    message: `no signature on ${name} counts: ${rejectionText(first)}`,
    ...(first.expected === undefined ? {} : { expected: first.expected }),
    ...(first.found === undefined ? {} : { found: printable(first.found, 1000) }),
    remedy: notationErrors.entries[first.code as keyof typeof notationErrors.entries].remedy,
  });
}

function carries({ annotations }: NotationSignature, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(annotations, key) && annotations[key] === value,
  );
}

function otherMetadata(
  { source }: NotationItem,
  { annotations, checks }: NotationSignature,
  wanted: Readonly<Record<string, string>>,
): NotationRejection {
  const text = (pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}`)
      .join(', ') || 'none';
  const { code, message, expected, found } = notationErrors.error('NOTATION_METADATA_MISMATCH', {
    message: 'the signature does not have the user metadata that was asked for',
    expected: text(wanted),
    found: printable(text(annotations), 500),
  });
  return { source, code, message, expected: expected!, found: found!, checks };
}

/** In notation's words: what it prints, and what only was told. */
function report(
  name: string,
  { genuine, signature: { annotations, checks, signer } }: Accepted,
  { level }: TrustStatement,
  terminal: Terminal,
): void {
  for (const { name: check, ok, detail } of checks) {
    if (ok !== false) continue;
    const action = level.actions[check as keyof typeof level.actions];
    terminal.err(
      `Warning: ${check} was set to "${action}" and failed with error: ${printable(detail, 1000)}\n`,
    );
  }
  const whom = genuine ? `trusted by ${printable(signer.issuer, 500)}` : 'whom nobody trusts';
  terminal.err(`Signed by ${printable(signer.subject, 500)}, ${whom}\n`);
  terminal.out(`Successfully verified signature for ${name}\n`);
  const metadata = Object.entries(annotations);
  if (metadata.length === 0) return;
  const width = Math.max(3, ...metadata.map(([key]) => printable(key).length)) + 3;
  const row = (key: string, value: string) => `${key.padEnd(width)}${value}\n`;
  terminal.out('\nThe artifact was signed with the following user metadata.\n\n');
  terminal.out(row('KEY', 'VALUE'));
  for (const [key, value] of metadata) terminal.out(row(printable(key), printable(value, 1000)));
}
