import { printable } from '@pratique/errors';
import { notaryErrors } from '@pratique/notary';
import { parseReference, type Reference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import { type NamedImage, openClient, openImage, pinned } from '../registry/client.ts';
import { openSigner } from '../signing/open-signer.ts';
import { chosenFormat, rekorVersions } from '../signing/signature-format.ts';
import type { trustMigrate } from '../specs/content-trust.ts';
import { openContentTrust } from '../trust/content-trust.ts';
import { knownSigner } from '../trust/known-signer.ts';
import { migrate, type Outcome } from '../trust/migrate.ts';
import { type Release, releasesOf } from '../trust/releases.ts';

export const run: Run<typeof trustMigrate.flags> = async ({ args, flags, terminal, signal }) => {
  // All of it is verified before anything is signed.
  const plans: { readonly name: string; readonly releases: readonly Release[] }[] = [];
  for (const name of args) {
    const reference = parseReference(name);
    const trusted = await openContentTrust(reference, flags, terminal, signal);
    const releases = releasesOf(trusted, tagOf(reference));
    plans.push({ name, releases: only(releases, reference) });
  }
  const purpose = { command: 'trust migrate', rekorVersions: rekorVersions(chosenFormat(flags)), signal };
  const signer = flags['dry-run'] ? null : await openSigner(flags, terminal, purpose);
  const client = openClient(flags, terminal);
  try {
    const known = await knownSigner(flags, signer, terminal, signal);
    const work = { flags, terminal, signal, signer, known };
    const done: { readonly image: NamedImage; readonly outcomes: Outcome[] }[] = [];
    for (const { name, releases } of plans) {
      const image = openImage(client, name, terminal);
      const outcomes: Outcome[] = [];
      for (const release of releases) {
        const outcome = await migrate(image, release, work);
        outcomes.push(outcome);
        if (flags.output === 'text') terminal.out(lineOf(image, outcome));
      }
      done.push({ image, outcomes });
    }
    if (flags.output === 'json') terminal.out(`${JSON.stringify(toJson(done), null, 2)}\n`);
    const left = done.some(({ outcomes }) => outcomes.some(({ reason }) => reason !== undefined));
    return left ? exit.operational : exit.ok;
  } finally {
    await signer?.close();
    client.close();
  }
};

/** The tag that is asked for; without tag and digest all of them are. */
function tagOf({ tag, digest }: Reference): string | undefined {
  if (tag === undefined && digest !== undefined) {
    throw cliErrors.error('USAGE', {
      message: 'Docker Content Trust signs tags, and this names a digest alone',
      expected: 'REPOSITORY or REPOSITORY:TAG',
      found: digest,
    });
  }
  return tag;
}

/** Where a digest is named beside the tag, it must be the one that is signed. */
function only(releases: readonly Release[], { tag, digest }: Reference): readonly Release[] {
  const [release] = releases;
  if (digest === undefined || release?.digest === digest) return releases;
  throw notaryErrors.error('NOTARY_TAG_NOT_SIGNED', {
    message: `${tag} is not signed to be the image that is named`,
    expected: digest,
    found: release?.digest,
  });
}

function lineOf({ reference }: NamedImage, { release, status, moved, reason }: Outcome): string {
  const notes = [
    `tags ${release.tags.join(', ')}`,
    `by ${release.roles.join(', ')}`,
    ...(moved.length === 0 ? [] : [`on the registry ${moved.join(', ')} is another image now, or none`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  return `${pinned(reference, release.digest)}  ${status}  (${printable(notes.join('; '), 1000)})\n`;
}

function toJson(done: readonly { readonly image: NamedImage; readonly outcomes: readonly Outcome[] }[]) {
  return {
    schemaVersion: 1,
    images: done.flatMap(({ image, outcomes }) =>
      outcomes.map(({ release, status, moved, reason }) => ({
        image: pinned(image.reference, release.digest),
        digest: release.digest,
        tags: release.tags,
        roles: release.roles,
        keys: release.keys,
        status,
        moved,
        reason: reason ?? null,
      })),
    ),
  };
}
