import { resolve } from 'node:path';
import { copyImage } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { copyEverything } from '../registry/copy-to.ts';
import { openSaved } from '../registry/saved-image.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { load } from '../specs/attached.ts';

export const run: Run<typeof load.flags> = async ({ args, flags, terminal, signal }) => {
  if (flags.dir === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'pratique load needs the directory that save wrote',
      expected: '--dir DIRECTORY',
      found: 'no --dir',
    });
  }
  const saved = await openSaved(resolve(terminal.cwd, flags.dir));
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    const { reference, signatures, version } = image;
    if (reference.digest !== undefined && reference.digest !== saved.digest) {
      throw cliErrors.error('USAGE', {
        message: 'the directory holds another image than the one named',
        expected: reference.digest,
        found: saved.digest,
      });
    }
    const tag = reference.digest === undefined ? version : reference.tag;
    const source = { repository: saved.layout, signatures: saved.layout };
    const options = { force: true, signal, ...(tag && { tag }) };
    const loaded = await copyEverything(source, saved.digest, { ...image, tagPrefix }, options);
    for (const { tag: name, digest } of saved.tags) {
      await copyImage(saved.layout, digest, signatures, { tag: `${tagPrefix}${name}`, signal });
    }
    terminal.err(`${flags.dir} loaded as ${args[0]}\n`);
    terminal.out(`${pinned(reference, loaded.digest)}\n`);
    return 0;
  } finally {
    client.close();
  }
};
