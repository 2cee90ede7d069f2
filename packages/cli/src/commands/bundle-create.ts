import { createHash } from 'node:crypto';
import { assembleBundle, type LogEntry } from '@pratique/sigstore';
import { findRekorEntry, openServices, rekorEntryAt } from '@pratique/sigstore-client';
import { type DetachedParts, needs, readDetached } from '../blob/detached.ts';
import { cliErrors } from '../errors.ts';
import { namedKey } from '../keys/managed-key.ts';
import { readFile } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import type { bundleCreate } from '../specs/bundle.ts';
import { writeOut } from '../trust/write-out.ts';

export const run: Run<typeof bundleCreate.flags> = async ({ flags, terminal, signal }) => {
  if (flags.artifact === undefined) throw needs('--artifact FILE', 'no --artifact');
  if (flags.bundle !== undefined && flags.certificate !== undefined)
    throw needs('--bundle alone, or --signature and --certificate', 'both');
  const artifact = readFile(flags.artifact, terminal.cwd, 'artifact');
  const { entry, signer, ...parts } = await readDetached(
    { ...flags, key: namedKey(flags) },
    createHash('sha256').update(artifact).digest(),
    terminal,
    signal,
  );
  if (entry !== null && flags['ignore-tlog'])
    throw needs('the entry that the bundle holds to be kept', '--ignore-tlog');
  const services = openServices({ ...terminal.env });
  try {
    const rekor = flags['rekor-url'];
    const logEntries = flags['ignore-tlog'] ? [] : [entry ?? (await findEntry(parts.content))];
    const bytes = await assembleBundle({ ...parts, logEntries }, (index) =>
      rekorEntryAt(services, rekor, index, signal),
    );
    writeOut(bytes, flags.out, terminal);
    return 0;

    async function findEntry(of: DetachedParts['content']): Promise<LogEntry> {
      const { key, leaf } = signer;
      const certificate = leaf === null ? null : { leaf, issuers: [] };
      const signed =
        of.kind === 'dsse'
          ? {
              content: { form: 'envelope', ...of.envelope } as const,
              signature: of.envelope.signatures[0]!.signature,
            }
          : { content: { form: 'message', bytes: artifact } as const, signature: of.signature };
      const found = await findRekorEntry(services, rekor, { ...signed, key, certificate }, signal);
      if (found !== undefined) return found;
      throw cliErrors.error('USAGE', {
        message: 'the log has no entry of this signature',
        expected: `an entry in ${rekor}, or --ignore-tlog`,
        found: 'none',
      });
    }
  } finally {
    services.close();
  }
};
