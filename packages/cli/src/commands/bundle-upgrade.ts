import { upgradeBundle } from '@pratique/sigstore';
import { openServices, rekorEntryAt } from '@pratique/sigstore-client';
import { readFile } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import type { bundleUpgrade } from '../specs/bundle.ts';
import { writeOut } from '../trust/write-out.ts';

export const run: Run<typeof bundleUpgrade.flags> = async ({ args, flags, terminal, signal }) => {
  const bytes = readFile(args[0]!, terminal.cwd);
  const services = openServices({ ...terminal.env });
  try {
    const upgraded = await upgradeBundle(bytes, (index) =>
      rekorEntryAt(services, flags['rekor-url'], index, signal),
    );
    if (upgraded === bytes) terminal.err('The bundle is of version 0.3 already\n');
    writeOut(upgraded, flags.out, terminal);
    return 0;
  } finally {
    services.close();
  }
};
