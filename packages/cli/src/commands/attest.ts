import { attestImage } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { writeFile } from '../program/write-file.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { dockerMediaTypes } from '../registry/docker-media-types.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import { readClaim } from '../signing/claim.ts';
import { openSigner } from '../signing/open-signer.ts';
import { recordedTime } from '../signing/recorded-time.ts';
import { chosenFormat, entryPurpose, type SignatureFormat } from '../signing/signature-format.ts';
import { warnOfTag } from '../signing/warn-of-tag.ts';
import type { attest } from '../specs/attestations.ts';

export const run: Run<typeof attest.flags> = async ({ args, flags, terminal, signal }) => {
  const format = chosenFormat(flags);
  const tagPrefix = tagPrefixOf(flags);
  const created = recordedTime(flags['record-creation-timestamp'], terminal);
  checkOutput(args, flags, format);
  const claim = readClaim(flags, terminal, 'attest');
  const purpose = { command: 'attest', ...entryPurpose(flags['rekor-entry-type'], format), signal };
  const signer = await openSigner(flags, terminal, purpose);
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const image = openImage(client, name, terminal);
      warnOfTag(image, terminal);
      const subject = await image.repository.resolve(image.version, { signal });
      const { manifest, bundle } = await attestImage(image.repository, subject, signer, claim, {
        format,
        replace: flags.replace,
        signatureRepository: image.signatures,
        tagPrefix,
        dockerMediaTypes: dockerMediaTypes(terminal),
        ...created,
        store: flags.upload,
        signal,
      });
      if (bundle !== null && flags.bundle !== undefined) writeFile(flags.bundle, bundle, terminal.cwd);
      if (manifest === null) continue;
      terminal.err(`Stored as ${format === 'legacy' ? 'tag-based attestation' : 'bundle'} ${manifest}\n`);
      terminal.out(`${pinned(image.reference, subject.digest)}\n`);
    }
    return 0;
  } finally {
    await signer.close();
    client.close();
  }
};

function checkOutput(
  args: readonly string[],
  flags: FlagValues<typeof attest.flags>,
  format: SignatureFormat,
): void {
  const wrong = (message: string, expected: string) => cliErrors.error('USAGE', { message, expected });
  if (flags.replace && format === 'bundle')
    throw wrong('bundles are not replaced: each is a manifest of its own', '--replace with --legacy');
  if (!flags.upload && flags.bundle === undefined)
    throw wrong('the attestation would go nowhere', '--bundle FILE with --no-upload');
  if (flags.bundle !== undefined && (format === 'legacy' || args.length > 1))
    throw wrong('--bundle is for one attestation in the bundle format', 'one image, without --legacy');
}
