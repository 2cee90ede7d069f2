import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { PratiqueError, printable } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import {
  collectEvidence,
  cosignExitCode,
  formatVerification,
  parseTrustedRoot,
  type Rejection,
  sigstoreErrors,
  type TransparencyLog,
  type TrustedKey,
  type VerificationResult,
  type VerifiedSignature,
  verifyEvidence,
} from '@pratique/sigstore';
import { loadPublicKey, requireKey } from '../keys/key-reference.ts';
import { CommandFailure } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { openClient } from '../registry/client.ts';
import { openForVerification, type VerifiablePlace } from '../registry/places.ts';
import type { verify } from '../specs/signing.ts';

export const run: Run<typeof verify.flags> = async ({ args, flags, terminal, signal }) => {
  requireKey(flags.key[0], 'verify');
  const keys: TrustedKey[] = flags.key.map((reference) => ({
    name: reference.startsWith('env://') ? reference.slice('env://'.length) : basename(reference),
    key: loadPublicKey(reference, terminal),
  }));
  const wanted = parseAnnotations(flags.annotations);
  const ignoreLog = flags['insecure-ignore-tlog'] || flags['private-infrastructure'];
  const trust = { keys, logs: ignoreLog ? [] : trustedLogs(flags['trusted-root'], terminal) };
  const client = openClient(flags, terminal);
  const printed: unknown[] = [];
  try {
    for (const name of args) {
      const image = await openForVerification(client, name, flags['local-image'], terminal);
      const subject = await image.repository.resolve(image.version, { signal });
      const evidence = await collectEvidence(image.signatures, subject, { signal });
      const result = verifyEvidence(evidence, trust, new Date());
      const matching = result.signatures.filter((signature) => carries(signature, wanted));
      if (matching.length === 0) throw refusal(image, subject.digest, result, wanted, terminal);
      report(image.name, subject.digest, matching, result.rejected, trust.logs.length > 0, terminal);
      printed.push(...formatVerification(matching, image.claimedName, subject.digest));
    }
    if (flags.output === 'json') terminal.out(`${JSON.stringify(printed)}\n`);
    return 0;
  } catch (thrown) {
    const code = thrown instanceof PratiqueError ? cosignExitCode(thrown.code) : undefined;
    throw code === undefined ? thrown : new CommandFailure(code, thrown as PratiqueError);
  } finally {
    client.close();
  }
};

function trustedLogs(file: string | undefined, terminal: Terminal): readonly TransparencyLog[] {
  return file === undefined ? [] : parseTrustedRoot(readFileSync(resolve(terminal.cwd, file))).logs;
}

function carries(signature: VerifiedSignature, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(signature.annotations, name) && signature.annotations[name] === value,
  );
}

function annotationText(annotations: Readonly<Record<string, string>>): string {
  return (
    Object.entries(annotations)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ') || 'no annotations'
  );
}

/** What was checked of each signature that counts, and what was refused beside them. */
function report(
  name: string,
  digest: Digest,
  matching: readonly VerifiedSignature[],
  rejected: readonly Rejection[],
  logRequired: boolean,
  terminal: Terminal,
): void {
  const lines = [
    `\nVerification for ${name} --`,
    `The image is ${digest}. These checks were made on each signature:`,
  ];
  for (const signature of matching) {
    const signer =
      signature.signer.kind === 'key'
        ? `${signature.signer.name} (${signature.signer.fingerprint})`
        : signature.signer.subject;
    lines.push(`  - signed by ${printable(signer)}, ${annotationText(signature.annotations)}`);
    for (const check of signature.checks)
      lines.push(
        `      ${check.ok === null ? 'not needed' : 'ok'}  ${check.name}: ${printable(check.detail)}`,
      );
  }
  if (!logRequired) lines.push('  - no transparency log was asked for (--trusted-root names one)');
  for (const rejection of rejected) lines.push(`  - refused: ${rejectionText(rejection)}`);
  terminal.err(`${lines.join('\n')}\n\n`);
}

function rejectionText({ code, message, source }: Rejection): string {
  return `${code} ${printable(message)} (${source.format} ${source.manifest})`;
}

/** Why no signature counts: there is none, none verifies, or none says what was asked for. */
function refusal(
  { name, pinned }: VerifiablePlace,
  digest: Digest,
  { signatures, rejected }: VerificationResult,
  wanted: Readonly<Record<string, string>>,
  terminal: Terminal,
): PratiqueError {
  if (signatures.length > 0) {
    return sigstoreErrors.error('NO_MATCHING_SIGNATURE', {
      message: `${name} is signed, but not with the annotations asked for`,
      expected: annotationText(wanted),
      found: signatures.map(({ annotations }) => printable(annotationText(annotations))).join('; '),
      remedy: `pratique sign --key KEY ${Object.entries(wanted)
        .map(([key, value]) => `-a ${key}=${value} `)
        .join('')}${pinned(digest)}`,
    });
  }
  const [first, ...others] = rejected;
  if (first === undefined) {
    return sigstoreErrors.error('SIGNATURE_MISSING', {
      message: `${name} (${digest}) has no signature`,
      remedy: `pratique sign --key KEY ${pinned(digest)}`,
    });
  }
  for (const other of others) terminal.err(`refused: ${rejectionText(other)}\n`);
  return sigstoreErrors.error('NO_MATCHING_SIGNATURE', {
    message: `${name} has ${rejected.length === 1 ? 'a signature' : `${rejected.length} signatures`}, and none counts: ${rejectionText(first)}`,
    expected: first.expected,
    found: first.found === undefined ? undefined : printable(first.found),
    remedy: `verify with the key that signed it, or sign it with yours: pratique sign --key KEY ${pinned(digest)}`,
  });
}
