import { attachSbom } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readFile } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { attachSbom as spec } from '../specs/attached.ts';

/** Media types by kind of SBOM and form; the first one is Cosign's default. */
const mediaTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  spdx: { text: 'text/spdx', json: 'text/spdx+json' },
  cyclonedx: { xml: 'application/vnd.cyclonedx+xml', json: 'application/vnd.cyclonedx+json' },
  syft: { json: 'application/vnd.syft+json' },
};

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const { sbom } = flags;
  if (sbom === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'there is no SBOM to attach',
      expected: '--sbom FILE, or --sbom - for standard input',
      found: 'no --sbom',
    });
  }
  const forms = mediaTypes[flags.type]!;
  const form = flags['input-format'] ?? (sbom.endsWith('.json') ? 'json' : Object.keys(forms)[0]!);
  const mediaType = forms[form];
  if (mediaType === undefined) {
    throw cliErrors.error('USAGE', {
      message: `an SBOM of the type ${flags.type} has no such form`,
      expected: Object.keys(forms).join(' or '),
      found: form,
    });
  }
  const bytes = sbom === '-' ? terminal.stdin() : readFile(sbom, terminal.cwd);
  const referrer = flags['registry-referrers-mode'] === 'oci-1-1';
  const options = { signal, tagPrefix: tagPrefixOf(flags), referrer };
  const client = openClient(flags, terminal);
  try {
    const { reference, repository, signatures, version } = openImage(client, args[0]!, terminal);
    const subject = await repository.resolve(version, { signal });
    const stored = await attachSbom(signatures, subject, bytes, mediaType, options);
    terminal.err(
      'warning: nobody signs an SBOM that is attached like this; pratique verify does not see it\n',
    );
    terminal.out(`${pinned(reference, stored.digest)}\n`);
    return 0;
  } finally {
    client.close();
  }
};
