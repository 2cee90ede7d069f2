import { resolve } from 'node:path';
import { publishRoot } from '@pratique/sigstore-server';
import { readPassphrase } from '../keys/passphrase-file.ts';
import type { Run } from '../program/spec.ts';
import type { sigstorePublishRoot } from '../specs/sigstore-root.ts';
import { describeRoot, readRootFile } from '../trust/tuf-root.ts';

export const run: Run<typeof sigstorePublishRoot.flags> = async ({ args, flags, terminal }) => {
  const copies = args.map((file) => readRootFile(file, terminal));
  const passphrase = readPassphrase(flags['passphrase-file'], terminal);
  const root = await publishRoot(resolve(terminal.cwd, flags.data), copies, passphrase);
  terminal.out(describeRoot(root));
  terminal.err('Start the server: it publishes the root, and signs none itself from then on.\n');
  return 0;
};
