import { printable } from '@pratique/errors';
import type { Run } from '../program/spec.ts';
import { findSbom, findSbomReferrer, sbomMissing } from '../registry/attached-sbom.ts';
import { openClient, openImage } from '../registry/client.ts';
import { selectPlatform } from '../registry/platform.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { downloadSbom } from '../specs/attached.ts';

export const run: Run<typeof downloadSbom.flags> = async ({ args, flags, terminal, signal }) => {
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const { repository, signatures, version } = openImage(client, args[0]!, terminal);
    const resolved = await repository.resolve(version, { signal });
    const subject = await selectPlatform(repository, resolved, flags.platform, signal);
    const options = { tagPrefix, signal };
    const content =
      (await findSbomReferrer(subject.digest, signatures, options)) ??
      (await findSbom(args[0]!, subject.digest, signatures, options)).content;
    const { manifest } = content;
    const layer = manifest.kind === 'image' ? manifest.layers[0] : undefined;
    if (layer === undefined) throw sbomMissing(args[0]!, subject.digest);
    const bytes = await signatures.getBlob(layer, { signal });
    terminal.err(
      `warning: nobody signed this SBOM; download attestation reads those that are\nFound SBOM of media type: ${printable(layer.mediaType)}\n`,
    );
    terminal.out(new TextDecoder().decode(bytes));
    return 0;
  } finally {
    client.close();
  }
};
