import { resolve } from 'node:path';
import { replaceFile } from '@pratique/storage';
import { signRoot } from '@pratique/tuf';
import { openSigningKey } from '../keys/key-reference.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreSignRoot } from '../specs/sigstore-root.ts';
import { describeRoot, readRootFile } from '../trust/tuf-root.ts';

export const run: Run<typeof sigstoreSignRoot.flags> = async ({ args, flags, terminal, signal }) => {
  const [file] = args;
  const root = readRootFile(file!, terminal);
  const previous = flags.previous === undefined ? undefined : readRootFile(flags.previous, terminal);
  const key = await openSigningKey(flags.key, terminal, 'sigstore sign-root', signal);
  try {
    const signed = await signRoot(root, key, previous);
    replaceFile(resolve(terminal.cwd, file!), signed);
    terminal.out(describeRoot(signed));
  } finally {
    await key.close();
  }
  return 0;
};
