import { type SignedImage, signImage } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { commaList } from '../program/comma-list.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { sbomToSign } from '../registry/attached-sbom.ts';
import { type NamedImage, openClient, openImage, pinned } from '../registry/client.ts';
import { dockerMediaTypes } from '../registry/docker-media-types.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import { formatOldBundle } from '../signing/old-bundle.ts';
import { openSigner } from '../signing/open-signer.ts';
import { recordedTime } from '../signing/recorded-time.ts';
import { chosenFormat, rekorVersions, type SignatureFormat } from '../signing/signature-format.ts';
import { warnOfTag } from '../signing/warn-of-tag.ts';
import { writeParts } from '../signing/write-parts.ts';
import type { sign } from '../specs/signing.ts';

export const run: Run<typeof sign.flags> = async ({ args, flags, terminal, signal }) => {
  const annotations = parseAnnotations(flags.annotations);
  const format = chosenFormat(flags);
  const tagPrefix = tagPrefixOf(flags);
  const identities = flags['sign-container-identity'].flatMap(commaList);
  checkOutput(args, flags, format, identities.length);
  const referrer = flags['registry-referrers-mode'] === 'oci-1-1';
  const created = recordedTime(flags['record-creation-timestamp'], terminal);
  const payload = flags.payload === undefined ? undefined : readFile(flags.payload, terminal.cwd);
  const purpose = { command: 'sign', rekorVersions: rekorVersions(format), signal };
  const signer = await openSigner(flags, terminal, purpose);
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const named = openImage(client, name, terminal);
      warnOfTag(named, terminal);
      const image =
        flags.attachment === undefined ? named : await sbomToSign(name, named, { signal, tagPrefix });
      const subject = await image.repository.resolve(image.version, { signal });
      const own = `${image.reference.registry}/${image.reference.repository}`;
      for (const dockerReference of identities.length === 0 ? [own] : identities) {
        const signed = await signImage(image.repository, subject, signer, {
          annotations,
          format,
          recursive: flags.recursive,
          dockerReference,
          ...(payload === undefined ? {} : { payload }),
          signatureRepository: image.signatures,
          tagPrefix,
          dockerMediaTypes: dockerMediaTypes(terminal),
          referrer,
          ...created,
          store: flags.upload,
          signal,
        });
        for (const one of signed) report(one, image, flags, terminal);
      }
    }
    return 0;
  } finally {
    await signer.close();
    client.close();
  }
};

function checkOutput(
  args: readonly string[],
  flags: FlagValues<typeof sign.flags>,
  format: SignatureFormat,
  identities: number,
): void {
  const wrong = (message: string, expected: string) => cliErrors.error('USAGE', { message, expected });
  const parts = ['output-signature', 'output-payload', 'output-certificate'] as const;
  const part = parts.find((name) => flags[name] !== undefined);
  if (!flags.upload && flags.bundle === undefined && part === undefined) {
    const expected = '--bundle FILE with --upload=false, or --output-signature FILE with --legacy';
    throw wrong('the signature would go nowhere', expected);
  }
  if (part !== undefined && (format === 'bundle' || args.length > 1 || flags.recursive || identities > 1))
    throw wrong(
      `--${part} is for one signature in the tag-based format`,
      'one image and --legacy; else --bundle FILE',
    );
  if (flags.payload !== undefined && format === 'bundle')
    throw wrong('a bundle holds a statement that is made here', '--payload with --legacy');
  if (flags.payload !== undefined && (args.length > 1 || flags.recursive))
    throw wrong('--payload is about one image', 'one image, without --recursive');
  if (flags.payload !== undefined && (flags.annotations.length > 0 || identities > 0))
    throw wrong(
      'a payload says itself what is signed',
      '--payload without --annotations and --sign-container-identity',
    );
  if (format === 'bundle' && identities > 0)
    throw wrong('a bundle holds no name of the image', '--sign-container-identity with --legacy');
  if (flags.bundle !== undefined && (args.length > 1 || flags.recursive || identities > 1))
    throw wrong('--bundle is for one signature', 'one image, without --recursive');
}

function report(
  { subject, format, tag, manifest, existed, bundle, signed }: SignedImage,
  { reference }: NamedImage,
  flags: FlagValues<typeof sign.flags>,
  terminal: Terminal,
): void {
  const name = pinned(reference, subject);
  if (flags.bundle !== undefined) writeFile(flags.bundle, bundle ?? formatOldBundle(signed), terminal.cwd);
  const files = {
    signature: flags['output-signature'],
    payload: flags['output-payload'],
    certificate: flags['output-certificate'],
  };
  writeParts(signed, files, { signatureBase64: true, certificateBase64: false }, terminal);
  if (manifest === null) return;
  const where = format === 'bundle' ? 'bundle' : tag === null ? 'referrer' : 'tag-based signature';
  terminal.err(
    existed
      ? `Nothing stored, as this key had signed it already: ${name}\n`
      : `Stored as ${where} ${manifest}\n`,
  );
  terminal.out(`${name}\n`);
}
