import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { prepareRoot } from '@pratique/sigstore-server';
import { cliErrors } from '../errors.ts';
import { loadPublicKey } from '../keys/key-reference.ts';
import { readPassphrase } from '../keys/passphrase-file.ts';
import type { Run } from '../program/spec.ts';
import type { sigstorePrepareRoot } from '../specs/sigstore-root.ts';
import { parseSpecTime } from '../trust/service-spec.ts';
import { describeRoot } from '../trust/tuf-root.ts';

const year = 365 * 86_400_000;

export const run: Run<typeof sigstorePrepareRoot.flags> = async ({ flags, terminal, signal }) => {
  const { key, threshold } = flags;
  if ((threshold === undefined) !== (key.length === 0)) {
    throw cliErrors.error('USAGE', {
      message: 'keys come with how many of them must sign, or neither is given and both stay',
      expected: '--threshold 2 --key A.pub --key B.pub --key C.pub',
    });
  }
  const keys = await Promise.all(key.map((reference) => loadPublicKey(reference, terminal, signal)));
  const passphrase = readPassphrase(flags['passphrase-file'], terminal);
  const root = await prepareRoot(resolve(terminal.cwd, flags.data), {
    ...(threshold === undefined ? {} : { keys: { keys, threshold } }),
    expires:
      flags.expires === undefined ? new Date(Date.now() + year) : parseSpecTime('expires', flags.expires),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  // Never over one that somebody may have signed already.
  writeFileSync(resolve(terminal.cwd, flags.to), root, { flag: 'wx' });
  terminal.out(describeRoot(root));
  return 0;
};
