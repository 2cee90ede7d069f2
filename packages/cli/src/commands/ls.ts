import { formatReference, openArchive, openLayout, parseReference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient } from '../registry/client.ts';
import { type Local, parseLocal } from '../registry/places.ts';
import type { ls } from '../specs/images.ts';

export const run: Run<typeof ls.flags> = async ({ args, flags, terminal, signal }) => {
  const text = args[0]!;
  const local = parseLocal(text, terminal);
  const { name, tags } =
    local === undefined
      ? await tagsOnRegistry(text, flags, terminal, signal)
      : { name: text, tags: await tagsOnDisk(local) };
  const shown = flags['omit-digest-tags'] ? tags.filter((tag) => !/^sha(?:256|512)-/.test(tag)) : tags;
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, repository: name, tags: shown }, null, 2)}\n`);
  } else {
    terminal.out(shown.map((tag) => `${flags['full-ref'] ? `${name}:${tag}` : tag}\n`).join(''));
  }
  return 0;
};

async function tagsOnRegistry(
  text: string,
  flags: FlagValues<typeof ls.flags>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ name: string; tags: readonly string[] }> {
  const reference = parseReference(text);
  const { registry, repository, tag, digest } = reference;
  const name = formatReference({ registry, repository });
  if (tag !== undefined || digest !== undefined) {
    throw cliErrors.error('USAGE', {
      message: 'tags are of a repository, and this is one image in it',
      expected: name,
      found: formatReference(reference),
      remedy: `pratique ls ${name}`,
    });
  }
  const client = openClient(flags, terminal);
  try {
    return { name, tags: await client.repository(reference).tags({ signal }) };
  } finally {
    client.close();
  }
}

async function tagsOnDisk({ kind, path }: Local): Promise<readonly string[]> {
  if (kind === 'oci') return await (await openLayout(path)).tags();
  const archive = await openArchive(path);
  try {
    return await archive.tags();
  } finally {
    await archive.close();
  }
}
