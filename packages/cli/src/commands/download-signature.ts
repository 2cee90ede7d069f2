import { collectEvidence, downloadedSignatures, sigstoreErrors } from '@pratique/sigstore';
import { CommandFailure, exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage } from '../registry/client.ts';
import { evidenceLimits } from '../registry/evidence-limits.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { downloadSignature } from '../specs/attached.ts';

export const run: Run<typeof downloadSignature.flags> = async ({ args, flags, terminal, signal }) => {
  const limits = evidenceLimits(terminal);
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const { repository, signatures, version } = openImage(client, args[0]!, terminal);
    const subject = await repository.resolve(version, { signal });
    const lines = downloadedSignatures(
      await collectEvidence(signatures, subject, { signal, limits, tagPrefix }),
    );
    if (lines.length === 0) {
      const error = sigstoreErrors.error('SIGNATURE_MISSING', {
        message: `${args[0]} (${subject.digest}) has no signature`,
      });
      throw new CommandFailure(exit.operational, error);
    }
    for (const line of lines) terminal.out(`${line}\n`);
    return 0;
  } finally {
    client.close();
  }
};
