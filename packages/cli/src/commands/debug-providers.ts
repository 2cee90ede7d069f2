import { providersOffered } from '@pratique/sigstore-client';
import type { Run } from '../program/spec.ts';
import { localSurroundings } from '../signing/identity.ts';
import type { debugProviders } from '../specs/tools.ts';

/** In the order in which cosign prints them. */
const order = [
  'filesystem',
  'envvar',
  'github-actions',
  'buildkite-agent',
  'spiffe',
  'google-workload-identity',
  'google-impersonate',
];

export const run: Run<typeof debugProviders.flags> = async ({ terminal }) => {
  // A token in the environment is the value of a flag here, and no provider.
  const offered = new Map([
    ...providersOffered(localSurroundings(terminal)),
    ['envvar', Boolean(terminal.env['SIGSTORE_ID_TOKEN'])] as const,
  ]);
  const lines = order.map((name) => `${name}: ${offered.get(name)}\n`);
  terminal.out(lines.join(''));
  return 0;
};
