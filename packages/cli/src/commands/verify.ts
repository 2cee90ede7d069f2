import { PratiqueError, printable } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import {
  cosignExitCode,
  formatVerification,
  prepareTrust,
  type Rejection,
  resolveAndCollect,
  sigstoreErrors,
  type VerificationResult,
  type VerifiedSignature,
  verifyEvidence,
} from '@pratique/sigstore';
import { givenPartsOfImages } from '../keys/given-parts.ts';
import { signerTrust } from '../keys/signer-trust.ts';
import { withLog, withLogEntries } from '../keys/unlogged-signatures.ts';
import { CommandFailure } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { sbomToVerify } from '../registry/attached-sbom.ts';
import { openClient } from '../registry/client.ts';
import { evidenceLimits } from '../registry/evidence-limits.ts';
import { openForVerification, type VerifiablePlace } from '../registry/places.ts';
import { readSignatureFiles } from '../registry/signature-files.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import { workersOf } from '../registry/workers.ts';
import type { verify } from '../specs/signing.ts';
import { checkLines, nearestRejection, rejectionText, signerText } from './verification-report.ts';

export const run: Run<typeof verify.flags> = (call) => verifyImages(call, async () => []);

type Call = Parameters<Run<typeof verify.flags>>[0];

/**
 * Verifies the images that are named, and those that have to be verified because of one that was: `furtherOf` says which.
 *
 * @param name as it was given
 * @param subject what was verified under it
 */
export async function verifyImages(
  { args, flags, terminal, signal }: Call,
  furtherOf: (name: string, place: VerifiablePlace, subject: Digest) => Promise<readonly string[]>,
): Promise<number> {
  const trust = await signerTrust(flags, terminal, 'verify', signal);
  const wanted = parseAnnotations(flags.annotations);
  const limits = evidenceLimits(terminal);
  const tagPrefix = tagPrefixOf(flags);
  const width = workersOf(flags['max-workers']);
  const given = await givenPartsOfImages(flags, terminal, signal);
  const files = await readSignatureFiles(flags, given, terminal, signal);
  const client = openClient(flags, terminal);
  // While the registry is asked.
  setImmediate(prepareTrust, trust, new Date());
  const printed: unknown[] = [];
  try {
    const names = [...args];
    // What is added meanwhile is verified, too.
    for (const name of names) {
      const named = await openForVerification(client, name, flags['local-image'], terminal);
      const image = flags.attachment === undefined ? named : await sbomToVerify(named, { signal, tagPrefix });
      const { repository, version, signatures } = image;
      const evidence =
        files === null
          ? await resolveAndCollect(repository, version, signatures, { signal, limits, tagPrefix, width })
          : files.evidence(repository.name, await repository.resolve(version, { signal }));
      const { subject } = evidence;
      const whole = await withLog(flags, trust, terminal, signal, (ask) =>
        withLogEntries(evidence, trust, given, ask),
      );
      const result = verifyEvidence(whole, trust, new Date(), given);
      const matching = result.signatures.filter((signature) => carries(signature, wanted));
      if (matching.length === 0) throw refusal(image, subject.digest, result, wanted, terminal);
      report(image.name, subject.digest, matching, result.rejected, trust.logs.length > 0, terminal);
      printed.push(...formatVerification(matching, image.claimedName, subject.digest));
      const further = await furtherOf(name, image, subject.digest);
      names.push(...further.filter((one) => !names.includes(one)));
    }
    if (flags.output === 'json') terminal.out(`${JSON.stringify(printed)}\n`);
    return 0;
  } catch (thrown) {
    const code = thrown instanceof PratiqueError ? cosignExitCode(thrown.code) : undefined;
    throw code === undefined ? thrown : new CommandFailure(code, thrown as PratiqueError);
  } finally {
    client.close();
  }
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
    lines.push(`  - signed by ${signerText(signature.signer)}, ${annotationText(signature.annotations)}`);
    lines.push(...checkLines(signature.checks));
  }
  if (!logRequired) lines.push('  - no transparency log was asked for (--trusted-root names one)');
  for (const rejection of rejected) lines.push(`  - refused: ${rejectionText(rejection)}`);
  terminal.err(`${lines.join('\n')}\n\n`);
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
      found: [...new Set(signatures.map(({ annotations }) => printable(annotationText(annotations))))].join(
        '; ',
      ),
      remedy: `pratique sign --key KEY ${Object.entries(wanted)
        .map(([key, value]) => `-a ${key}=${value} `)
        .join('')}${pinned(digest)}`,
    });
  }
  if (rejected.length > 0 && rejected.every(({ code }) => code === 'NO_CERTIFICATE')) {
    return sigstoreErrors.error('NO_CERTIFICATE', {
      message: `${name} is signed by a bare key only, and an identity was asked for`,
      expected: 'a signature with a certificate',
      found: rejectionText(rejected[0]!),
    });
  }
  const first = nearestRejection(rejected);
  if (first === undefined) {
    return sigstoreErrors.error('SIGNATURE_MISSING', {
      message: `${name} (${digest}) has no signature`,
      remedy: `pratique sign --key KEY ${pinned(digest)}`,
    });
  }
  for (const other of rejected) if (other !== first) terminal.err(`refused: ${rejectionText(other)}\n`);
  return sigstoreErrors.error('NO_MATCHING_SIGNATURE', {
    message: `${name} has ${rejected.length === 1 ? 'a signature' : `${rejected.length} signatures`}, and none counts: ${rejectionText(first)}`,
    expected: first.expected,
    found: first.found === undefined ? undefined : printable(first.found),
    remedy:
      first.code === 'IDENTITY_MISMATCH'
        ? `verify with the identity that signed it, or sign it as the one that is asked for: pratique sign ${pinned(digest)}`
        : `verify with the key that signed it, or sign it with yours: pratique sign --key KEY ${pinned(digest)}`,
  });
}
