import { verifyBundleFile } from '../blob/verify-bundle-file.ts';
import type { Run } from '../program/spec.ts';
import type { verifyBlob } from '../specs/signing.ts';

export const run: Run<typeof verifyBlob.flags> = async ({ args, flags, terminal, signal }) => {
  const json = (verified: object) => ({ schemaVersion: 1, ...verified });
  await verifyBundleFile('verify-blob', args[0]!, flags, {}, json, terminal, signal);
  return 0;
};
