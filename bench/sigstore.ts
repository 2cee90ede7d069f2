/** Verification and log of the private Sigstore: `sigstore/verification.ts`, `sigstore/log.ts`. */
import type { Row } from './row.ts';
import { logRows } from './sigstore/log.ts';
import { verificationRows } from './sigstore/verification.ts';

export async function run(): Promise<Row[]> {
  return [...(await verificationRows()), ...(await logRows())];
}
