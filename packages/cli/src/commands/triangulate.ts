import { formatReference } from '@pratique/oci';
import { cosignTag } from '@pratique/sigstore';
import type { Run } from '../program/spec.ts';
import { digestOf, openClient, openImage, pinned } from '../registry/client.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { triangulate } from '../specs/images.ts';

const suffixes = { signature: 'sig', attestation: 'att', sbom: 'sbom' } as const;

export const run: Run<typeof triangulate.flags> = async ({ args, flags, terminal, signal }) => {
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    const { reference, signatures } = image;
    const digest = await digestOf(image, signal);
    if (flags.type === 'digest') {
      terminal.out(`${pinned(reference, digest)}\n`);
      return 0;
    }
    const tag = cosignTag(digest, suffixes[flags.type as keyof typeof suffixes], tagPrefix);
    terminal.out(
      `${formatReference({ registry: signatures.registry, repository: signatures.repository, tag })}\n`,
    );
    return 0;
  } finally {
    client.close();
  }
};
