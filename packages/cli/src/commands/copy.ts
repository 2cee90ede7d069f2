import type { AttachedKind } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { commaList } from '../program/comma-list.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import { type CopyToOptions, copyTo } from '../registry/copy-to.ts';
import { openPlace } from '../registry/places.ts';
import { selectPlatform } from '../registry/platform.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { copy } from '../specs/images.ts';

const kinds: Readonly<Record<string, AttachedKind>> = { sig: 'signature', att: 'attestation', sbom: 'sbom' };

export const run: Run<typeof copy.flags> = async ({ args, flags, terminal, signal }) => {
  const [from, to] = args as [string, string];
  const what = wanted(flags.only, flags['sig-only'], flags['image-only']);
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    // Registries are given compressed layers; docker writes plain ones.
    const source = await openPlace(client, from, terminal, { gzipLayers: !to.startsWith('docker-archive:') });
    try {
      const resolved = await source.repository.resolve(source.version, { signal });
      const image = await selectPlatform(source.repository, resolved, flags.platform, signal);
      const place = { ...source, version: image.digest };
      const digest = await copyTo(
        client,
        place,
        to,
        { what, force: flags.force, tagPrefix, signal },
        terminal,
      );
      terminal.err(`${source.name} copied to ${to}\n`);
      terminal.out(`${digest}\n`);
    } finally {
      await source.close();
    }
    return 0;
  } finally {
    client.close();
  }
};

function wanted(only: readonly string[], signatures: boolean, image: boolean): CopyToOptions['what'] {
  const names = [...only.flatMap(commaList), ...(signatures ? ['sig'] : [])];
  const unknown = names.find((name) => !Object.hasOwn(kinds, name));
  if (unknown !== undefined || (names.length > 0 && image)) {
    throw cliErrors.error('USAGE', {
      message: '--only names what is attached to the image and is to be copied',
      expected: 'sig, att, sbom, separated by commas, and no --image-only',
      found: unknown ?? '--image-only as well',
    });
  }
  if (names.length > 0) return names.map((name) => kinds[name]!);
  return image ? 'image' : 'everything';
}
