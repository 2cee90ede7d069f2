import { PratiqueError, printable } from '@pratique/errors';
import { readInput } from '../blob/artifact.ts';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import {
  type DockerfileImages,
  imagesInDockerfile,
  imagesInTriggers,
  type Stages,
} from '../registry/dockerfile.ts';
import { triggersOf } from '../registry/triggers.ts';
import type { dockerfileVerify } from '../specs/images-in-files.ts';
import { namesNone } from './manifest-verify.ts';

export const run: Run<typeof dockerfileVerify.flags> = async ({ args, flags, terminal, signal }) => {
  const text = new TextDecoder().decode(readInput(args[0]!, terminal));
  const buildArgs = flags['build-arg'];
  const given = buildArgs.length > 0 ? valuesOf(buildArgs, terminal) : terminal.env;
  // A builder takes its frontend from a flag only.
  const values = buildArgs.length > 0 ? given : { ...given, BUILDKIT_SYNTAX: undefined };
  const found = imagesInDockerfile(text, values);
  const images = flags['base-image-only'] ? [found.base].filter((image) => image !== null) : found.all;
  if (buildArgs.length === 0) tellOfEnvironment(found, terminal);
  if (!flags['base-image-only']) tellOfOthers(found, terminal);
  if (images.length === 0) throw namesNone(args[0]!);
  const { verifyImages } = await import('./verify.ts');
  return await verifyImages({ args: images, flags, terminal, signal }, async (name, place, subject) => {
    const stages = found.builtOn.get(name);
    // What is attached to an image builds nothing.
    if (stages === undefined || flags['base-image-only'] || flags.attachment !== undefined) return [];
    const triggers = await triggersOf(place.repository, subject, signal);
    const { all, fetched } = readTriggers(triggers, stages, place.name);
    tellOfFetched(fetched, terminal);
    return all;
  });
};

function readTriggers(triggers: readonly string[], stages: readonly Stages[], image: string) {
  try {
    return imagesInTriggers(triggers, stages);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw error.retold({ message: `what ${image} keeps for who builds on it (ONBUILD): ${error.message}` });
  }
}

/** `NAME=VALUE`, or `NAME` for what the environment says. */
function valuesOf(given: readonly string[], { env }: Terminal): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    given.map((one) => {
      const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(one) ?? [];
      if (name === undefined)
        throw cliErrors.error('USAGE', {
          message: 'a value of --build-arg has no name',
          expected: 'NAME=VALUE, or NAME for the value in the environment',
          found: printable(one, 200),
        });
      return [name, value ?? env[name]];
    }),
  );
}

function tellOfEnvironment({ used }: DockerfileImages, terminal: Terminal): void {
  for (const [name, value] of used) {
    const pair = `${printable(name, 80)}=${printable(value, 200)}`;
    terminal.err(
      `warning: an image is named with ${pair} of the environment: it is the one that is built with --build-arg ${pair} only\n`,
    );
  }
}

function tellOfOthers({ frontend, fetched }: DockerfileImages, terminal: Terminal): void {
  if (
    frontend !== null &&
    !/^(?:(?:index\.)?docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(frontend)
  )
    terminal.err(
      `warning: the frontend ${printable(frontend, 200)} decides what the file means; it was read as a Dockerfile\n`,
    );
  tellOfFetched(fetched, terminal);
}

function tellOfFetched(fetched: readonly string[], terminal: Terminal): void {
  for (const source of fetched)
    terminal.err(
      `warning: what ADD fetches from ${printable(source, 200)} is not verified: pin it with --checksum\n`,
    );
}
