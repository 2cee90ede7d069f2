import { PratiqueError, printable } from '@pratique/errors';
import {
  cosignExitCode,
  formatAttestations,
  resolveAndCollect,
  sigstoreErrors,
  type VerificationResult,
  type VerifiedAttestation,
  verifyEvidence,
} from '@pratique/sigstore';
import { givenPartsOfImages } from '../keys/given-parts.ts';
import { signerTrust } from '../keys/signer-trust.ts';
import { withLog, withLogEntries } from '../keys/unlogged-signatures.ts';
import { attestationPolicy } from '../policy/attestation-policy.ts';
import { commaList } from '../program/comma-list.ts';
import { CommandFailure } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient } from '../registry/client.ts';
import { evidenceLimits } from '../registry/evidence-limits.ts';
import { openForVerification, type VerifiablePlace } from '../registry/places.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import { workersOf } from '../registry/workers.ts';
import { wantedPredicateType } from '../signing/claim.ts';
import type { verifyAttestation } from '../specs/signing.ts';
import { checkLines, rejectionText, signerText } from './verification-report.ts';

export const run: Run<typeof verifyAttestation.flags> = async ({ args, flags, terminal, signal }) => {
  const trust = await signerTrust(flags, terminal, 'verify-attestation', signal);
  const type = wantedPredicateType(flags.type);
  const allow = attestationPolicy(flags.policy.flatMap(commaList), terminal);
  const limits = evidenceLimits(terminal);
  const tagPrefix = tagPrefixOf(flags);
  const width = workersOf(flags['max-workers']);
  const given = await givenPartsOfImages(flags, terminal, signal);
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const image = await openForVerification(client, name, flags['local-image'], terminal);
      const { repository, version, signatures } = image;
      const evidence = await resolveAndCollect(repository, version, signatures, {
        signal,
        limits,
        tagPrefix,
        width,
      });
      const whole = await withLog(flags, trust, terminal, signal, (ask) =>
        withLogEntries(evidence, trust, given, ask),
      );
      const result = verifyEvidence(whole, trust, new Date(), given);
      const matching = result.attestations.filter(({ predicateType }) => predicateType === type);
      if (matching.length === 0) throw refusal(image, result, type, terminal);
      allow(matching);
      report(image.name, matching, result, terminal);
      for (const line of formatAttestations(matching, whole)) terminal.out(`${line}\n`);
    }
    return 0;
  } catch (thrown) {
    const code = thrown instanceof PratiqueError ? cosignExitCode(thrown.code) : undefined;
    throw code === undefined ? thrown : new CommandFailure(code, thrown as PratiqueError);
  } finally {
    client.close();
  }
};

function report(
  name: string,
  matching: readonly VerifiedAttestation[],
  { rejected }: VerificationResult,
  terminal: Terminal,
): void {
  const lines = [`\nVerification for ${name} --`, 'These checks were made on each attestation:'];
  for (const { signer, predicateType, checks } of matching) {
    lines.push(`  - ${printable(predicateType)} signed by ${signerText(signer)}`, ...checkLines(checks));
  }
  for (const rejection of rejected) lines.push(`  - refused: ${rejectionText(rejection)}`);
  terminal.err(`${lines.join('\n')}\n\n`);
}

/** Why no attestation counts: there is none, none verifies, or none is of the type asked for. */
function refusal(
  { name }: VerifiablePlace,
  { attestations, rejected }: VerificationResult,
  type: string,
  terminal: Terminal,
): PratiqueError {
  for (const rejection of rejected) terminal.err(`refused: ${rejectionText(rejection)}\n`);
  if (
    attestations.length === 0 &&
    rejected.length > 0 &&
    rejected.every(({ code }) => code === 'NO_CERTIFICATE')
  ) {
    return sigstoreErrors.error('NO_CERTIFICATE', {
      message: `${name} has attestations by bare keys only, and an identity was asked for`,
      expected: 'an attestation with a certificate',
      found: rejectionText(rejected[0]!),
    });
  }
  const types = [...new Set(attestations.map(({ predicateType }) => printable(predicateType)))];
  const [first] = rejected;
  return sigstoreErrors.error('NO_MATCHING_ATTESTATION', {
    message: `${name} has no attestation of this type by a signer that is trusted`,
    expected: type,
    found: types.join(', ') || (first === undefined ? 'no attestation' : rejectionText(first)),
  });
}
