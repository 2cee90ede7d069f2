import { resolve } from 'node:path';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { copyEverything } from '../registry/copy-to.ts';
import { markSaved, openToSave } from '../registry/saved-image.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { save } from '../specs/attached.ts';

export const run: Run<typeof save.flags> = async ({ args, flags, terminal, signal }) => {
  if (flags.dir === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'pratique save needs a directory',
      expected: '--dir DIRECTORY',
      found: 'no --dir',
    });
  }
  const directory = resolve(terminal.cwd, flags.dir);
  const tagPrefix = tagPrefixOf(flags);
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    const { reference } = image;
    const subject = await image.repository.resolve(image.version, { signal });
    const layout = await openToSave(directory, subject.digest);
    const named = reference.tag === undefined ? {} : { tag: reference.tag };
    const target = { repository: layout, signatures: layout };
    await copyEverything({ ...image, tagPrefix }, subject.digest, target, { force: true, signal, ...named });
    await markSaved(layout, subject);
    terminal.err(`${pinned(reference, subject.digest)} saved to ${flags.dir}\n`);
    return 0;
  } finally {
    client.close();
  }
};
