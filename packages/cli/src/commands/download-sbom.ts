import { printable } from '@pratique/errors';
import { isNotFound, type ManifestContent } from '@pratique/oci';
import { cosignTag, sigstoreErrors } from '@pratique/sigstore';
import { CommandFailure, exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage } from '../registry/client.ts';
import { selectPlatform } from '../registry/platform.ts';
import type { downloadSbom } from '../specs/attached.ts';

export const run: Run<typeof downloadSbom.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const { repository, signatures, version } = openImage(client, args[0]!, terminal);
    const resolved = await repository.resolve(version, { signal });
    const subject = await selectPlatform(repository, resolved, flags.platform, signal);
    const nothing = () =>
      new CommandFailure(
        exit.operational,
        sigstoreErrors.error('SBOM_MISSING', {
          message: `${args[0]} (${subject.digest}) has no SBOM under its tag`,
        }),
      );
    let content: ManifestContent;
    try {
      content = await signatures.getManifest(cosignTag(subject.digest, 'sbom'), { signal });
    } catch (error) {
      throw isNotFound(error) ? nothing() : error;
    }
    const { manifest } = content;
    const layer = manifest.kind === 'image' ? manifest.layers[0] : undefined;
    if (layer === undefined) throw nothing();
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
