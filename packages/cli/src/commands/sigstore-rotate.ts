import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  type Generation,
  listGenerations,
  type Rotatable,
  rotatable,
  rotate,
} from '@pratique/sigstore-server';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreRotate } from '../specs/sigstore-server.ts';
import { parseSpecTime } from '../trust/service-spec.ts';

export const run: Run<typeof sigstoreRotate.flags> = async ({ args, flags, terminal }) => {
  const directory = resolve(terminal.cwd, flags.data);
  const { from, until } = flags;
  if (args.length > 0) {
    await rotate(directory, args.map(service), {
      // A trusted root has times to the second.
      from: wholeSeconds(from === undefined ? new Date() : parseSpecTime('from', from)),
      ...(until === undefined ? {} : { until: wholeSeconds(parseSpecTime('until', until)) }),
    });
    terminal.err('Start the server: it makes the new keys, and publishes them with those before.\n');
  } else if (from !== undefined || until !== undefined) {
    throw cliErrors.error('USAGE', { message: 'what is to be rotated?', expected: rotatable.join(', ') });
  }
  const generations = listGenerations(directory);
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, services: generations }, null, 2)}\n`);
  } else {
    for (const [name, all] of Object.entries(generations)) {
      for (const generation of all) terminal.out(`${name.padEnd(9)} ${describe(generation)}\n`);
    }
  }
  return 0;
};

function describe({ number, since, until }: Generation): string {
  return `${number}  from ${since.toISOString()}${until === undefined ? '' : ` until ${until.toISOString()}`}`;
}

function service(name: string): Rotatable {
  const known = rotatable.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw cliErrors.error('USAGE', {
    message: 'this is nothing that can be rotated',
    expected: rotatable.join(', '),
    found: printable(name, 60),
  });
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
