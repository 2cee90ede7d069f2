import { collectEvidence, downloadedAttestations, sigstoreErrors } from '@pratique/sigstore';
import { CommandFailure, exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage } from '../registry/client.ts';
import { evidenceLimits } from '../registry/evidence-limits.ts';
import { selectPlatform } from '../registry/platform.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import { wantedPredicateType } from '../signing/claim.ts';
import type { downloadAttestation } from '../specs/attached.ts';

export const run: Run<typeof downloadAttestation.flags> = async ({ args, flags, terminal, signal }) => {
  const wanted = flags['predicate-type'] ?? '';
  const type = wanted === '' ? undefined : wantedPredicateType(wanted);
  const limits = evidenceLimits(terminal);
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const { repository, signatures, version } = openImage(client, args[0]!, terminal);
    const resolved = await repository.resolve(version, { signal });
    const subject = await selectPlatform(repository, resolved, flags.platform, signal);
    const lines = downloadedAttestations(
      await collectEvidence(signatures, subject, { signal, limits, tagPrefix }),
      type,
    );
    if (lines.length === 0 && type !== undefined) {
      const error = sigstoreErrors.error('NO_MATCHING_ATTESTATION', {
        message: `${args[0]} (${subject.digest}) has no attestation of that type`,
        expected: type,
      });
      throw new CommandFailure(exit.operational, error);
    }
    for (const line of lines) terminal.out(`${line}\n`);
    return 0;
  } finally {
    client.close();
  }
};
