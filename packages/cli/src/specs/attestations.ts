import { defineCommand } from '../program/spec.ts';
import { olderBlobFlags, tagFlags } from './older.ts';
import { needlessFlag } from './refused.ts';
import {
  claimFlags,
  detachedFlags,
  formatFlags,
  outputFlag,
  outputFlags,
  registryFlags,
  signerFlags,
  signingFlags,
} from './shared.ts';

const group = 'Sign and verify';

const entryType = {
  'rekor-entry-type': {
    kind: 'string',
    choices: ['dsse', 'intoto'],
    default: 'dsse',
    summary: 'As what the attestation goes into a log that is Rekor v1; intoto puts all of it there',
  },
} as const;

export const attest = defineCommand({
  name: 'attest',
  group,
  summary: 'Sign a statement about images: an SBOM, provenance, a scan',
  examples: [
    {
      command: 'pratique attest --key cosign.key --type spdxjson --predicate sbom.spdx.json IMAGE@DIGEST',
      does: 'the SBOM of an image',
    },
    {
      command:
        'pratique attest --signing-config signing_config.json --trusted-root trusted_root.json --identity-token token --type slsaprovenance1 --predicate provenance.json IMAGE@DIGEST',
      does: 'its provenance, as the identity in a token',
    },
    {
      command: 'pratique attest --key cosign.key --statement statement.json IMAGE@DIGEST',
      does: 'a whole in-toto statement about it',
    },
  ],
  description:
    'Writes a Sigstore bundle (v0.3) as a referrer of the image, as cosign 3 does. The file must be of the type that is named.\nWhat was made is verified before it is stored.',
  args: ['IMAGE...'],
  flags: {
    ...claimFlags,
    ...signingFlags,
    bundle: { kind: 'string', placeholder: 'FILE', summary: 'Write the bundle to this file too' },
    upload: {
      kind: 'boolean',
      default: true,
      summary: '--no-upload: do not store the attestation; needs --bundle',
    },
    replace: {
      kind: 'boolean',
      summary: 'With --legacy: take the place of the attestations of the same type',
    },
    'record-creation-timestamp': {
      kind: 'boolean',
      summary: 'With --legacy: write the time into what is stored; bundles always say when they were made',
    },
    ...entryType,
    ...tagFlags,
    ...formatFlags,
    ...registryFlags,
  },
});

export const attestBlob = defineCommand({
  name: 'attest-blob',
  group,
  summary: 'Sign a statement about a file',
  examples: [
    {
      command:
        'pratique attest-blob --key cosign.key --type slsaprovenance1 --predicate provenance.json --bundle app.sigstore.json app.tar.gz',
      does: 'the provenance of a file, into a bundle',
    },
  ],
  description:
    'Writes a Sigstore bundle (v0.3) with an in-toto statement whose subject is the file, or its digest.',
  args: ['FILE|DIGEST'],
  flags: {
    bundle: { kind: 'string', placeholder: 'FILE', summary: 'Where to write the Sigstore bundle' },
    hash: {
      kind: 'string',
      placeholder: 'HEX',
      summary: 'SHA-256 of the file, where the file itself is elsewhere',
    },
    ...outputFlags,
    'output-attestation': { kind: 'string', placeholder: 'FILE', summary: 'Write the statement alone here' },
    'rfc3161-timestamp-bundle': { kind: 'string', placeholder: 'FILE', summary: 'Write the timestamp here' },
    ...entryType,
    'new-bundle-format': needlessFlag('boolean', 'There is one format of bundles'),
    ...claimFlags,
    ...signingFlags,
  },
});

export const verifyBlobAttestation = defineCommand({
  name: 'verify-blob-attestation',
  group,
  summary: 'Check an attestation of a file',
  examples: [
    {
      command:
        'pratique verify-blob-attestation --key cosign.pub --type slsaprovenance1 --bundle app.sigstore.json app.tar.gz',
      does: 'exit 0 when this key attested it',
    },
  ],
  description:
    'Reads Sigstore bundles v0.1 to v0.3 with an in-toto statement. The file must be among its subjects, and the type of the\npredicate must be the one asked for. `-o json` prints the statement.',
  args: ['[FILE|DIGEST]'],
  flags: {
    bundle: { kind: 'string', placeholder: 'FILE', summary: 'The Sigstore bundle of the file' },
    digest: { kind: 'string', placeholder: 'HEX', summary: 'Digest of the file, instead of the file' },
    digestAlg: { kind: 'string', placeholder: 'NAME', default: 'sha256', summary: 'Algorithm of --digest' },
    type: claimFlags.type,
    ...detachedFlags,
    ...signerFlags,
    ...olderBlobFlags,
    ...outputFlag,
  },
});
