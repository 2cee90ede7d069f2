import { dirname } from 'node:path';
import { AdvisoryDatabase, fetchDatabase, inspectErrors } from '@pratique/inspect';
import { collectEvidence, sigstoreErrors, type Trust, verifyEvidence } from '@pratique/sigstore';
import { makeDirectories } from '@pratique/storage';
import { signerTrust } from '../keys/signer-trust.ts';
import type { Run } from '../program/spec.ts';
import { openClient } from '../registry/client.ts';
import { openForVerification, parseLocal, type VerifiablePlace } from '../registry/places.ts';
import { databasePath } from '../scan/database-path.ts';
import type { dbUpdate } from '../specs/scan.ts';
import { rejectionText } from './verification-report.ts';

export const run: Run<typeof dbUpdate.flags> = async ({ args, flags, terminal, signal }) => {
  const trust = flags['allow-unsigned'] ? undefined : await signerTrust(flags, terminal, 'db update', signal);
  const client = openClient(flags, terminal);
  try {
    const name = args[0]!;
    const image = await openForVerification(client, name, parseLocal(name, terminal) !== undefined, terminal);
    const { descriptor, manifest } = await image.repository.getManifest(image.version, { signal });
    if (manifest.kind !== 'image') {
      throw inspectErrors.error('ADVISORY_DATABASE_INVALID', {
        message: `${image.name} is no published advisory database`,
        found: 'an index of several manifests',
      });
    }
    if (trust !== undefined) await requireSignature(image, descriptor, trust, signal);
    const path = databasePath(flags.db, terminal);
    makeDirectories(dirname(path));
    await fetchDatabase(manifest, image.repository, path, { signal });
    const database = AdvisoryDatabase.open(path);
    terminal.err(`Built at ${database.builtAt()}\n`);
    database.close();
    terminal.out(`${image.pinned(descriptor.digest)}\n`);
    return 0;
  } finally {
    client.close();
  }
};

async function requireSignature(
  { name, signatures }: VerifiablePlace,
  subject: Parameters<typeof collectEvidence>[1],
  trust: Trust,
  signal: AbortSignal,
): Promise<void> {
  const evidence = await collectEvidence(signatures, subject, { signal });
  const { signatures: verified, rejected } = verifyEvidence(evidence, trust, new Date());
  if (verified.length > 0) return;
  const [first] = rejected;
  if (first === undefined) {
    throw sigstoreErrors.error('SIGNATURE_MISSING', {
      message: `${name} (${subject.digest}) has no signature`,
    });
  }
  throw sigstoreErrors.error('NO_MATCHING_SIGNATURE', {
    message: `no signature of ${name} counts: ${rejectionText(first)}`,
  });
}
