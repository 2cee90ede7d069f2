import { parseJson } from '@pratique/crypto';
import { attachAttestation, creationTime } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { named, parseFile } from '../program/parse-file.ts';
import { maxFileBytes } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { dockerMediaTypes } from '../registry/docker-media-types.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { attachAttestation as spec } from '../specs/attached.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  if (flags.attestation.length === 0) {
    throw cliErrors.error('USAGE', {
      message: 'there is no attestation to attach',
      expected: '--attestation FILE',
      found: 'no --attestation',
    });
  }
  const options = { signal, tagPrefix: tagPrefixOf(flags), dockerMediaTypes: dockerMediaTypes(terminal) };
  const client = openClient(flags, terminal);
  try {
    const { reference, repository, signatures, version } = openImage(client, args[0]!, terminal);
    const subject = await repository.resolve(version, { signal });
    for (const file of flags.attestation) {
      for (const bytes of parseFile(file, terminal.cwd, documents)) {
        const created = creationTime({ ...terminal.env });
        const stored = await attachAttestation(signatures, subject, bytes, created, options).catch(
          (error: unknown) => {
            throw named(file, error);
          },
        );
        terminal.out(`${pinned(reference, stored.digest)}\n`);
      }
    }
    terminal.err(`Attached to ${pinned(reference, subject.digest)}; whether it verifies was not checked\n`);
    return 0;
  } finally {
    client.close();
  }
};

/** One document, or one a line, as `download attestation` prints them. */
function documents(bytes: Uint8Array): readonly Uint8Array[] {
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const whole = lines.every((line) => /^\{.*\}$/.test(line.trim()));
  const found = whole ? lines.map((line) => new TextEncoder().encode(line.trim())) : [bytes];
  for (const document of found) parseJson(document, 'an attestation', { maxBytes: maxFileBytes.document });
  return found;
}
