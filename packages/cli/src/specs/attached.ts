import { defineCommand } from '../program/spec.ts';
import { referrersMode, tagFlags } from './older.ts';
import { programFlags, registryFlags } from './shared.ts';

const group = 'What is attached to images';

const platform = {
  kind: 'string',
  placeholder: 'OS/ARCH',
  summary: 'Of an index, the image for this platform: linux/arm64',
} as const;

export const downloadSignature = defineCommand({
  name: 'download signature',
  group,
  summary: 'Print the signatures of an image, one JSON document a line, unverified',
  examples: [
    {
      command: 'pratique download signature registry.example/app:1.0',
      does: 'bundles, and layers of the tag',
    },
  ],
  args: ['IMAGE'],
  flags: { ...programFlags, ...tagFlags, ...registryFlags },
});

export const downloadAttestation = defineCommand({
  name: 'download attestation',
  group,
  summary: 'Print the attestations of an image, one JSON document a line, unverified',
  examples: [
    {
      command: 'pratique download attestation --predicate-type slsaprovenance1 registry.example/app:1.0',
      does: 'its provenance',
    },
  ],
  args: ['IMAGE'],
  flags: {
    'predicate-type': {
      kind: 'string',
      placeholder: 'TYPE',
      summary: 'Only those of this type: slsaprovenance, spdxjson, cyclonedx, vuln, openvex, custom or a URI',
    },
    platform,
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const downloadSbom = defineCommand({
  name: 'download sbom',
  group,
  summary: 'Print the SBOM under the SBOM tag of an image, which nobody signed',
  examples: [
    { command: 'pratique download sbom registry.example/app:1.0', does: 'as attach sbom stored it' },
  ],
  args: ['IMAGE'],
  flags: { platform, ...programFlags, ...tagFlags, ...registryFlags },
});

export const attachSignature = defineCommand({
  name: 'attach signature',
  group,
  summary: 'Attach a signature that was made somewhere else',
  examples: [
    {
      command:
        'pratique attach signature --payload payload.json --signature sig.b64 registry.example/app:1.0',
      does: 'to the signature tag',
    },
    {
      command: 'pratique attach signature --bundle app.sigstore.json registry.example/app:1.0',
      does: 'a Sigstore bundle, as a referrer',
    },
  ],
  description: 'That it is about this image is checked. That it verifies is not: the key may be anybody’s.',
  args: ['IMAGE'],
  flags: {
    signature: { kind: 'string', placeholder: 'FILE|-|BASE64', summary: 'The signature in base64' },
    payload: {
      kind: 'string',
      placeholder: 'FILE',
      aliases: ['bundle'],
      summary: 'What was signed, or a Sigstore bundle; absent: what cosign signs without annotations',
    },
    certificate: { kind: 'string', placeholder: 'FILE', summary: 'The certificate of the signer, PEM' },
    'certificate-chain': { kind: 'string', placeholder: 'FILE', summary: 'Its issuers, PEM' },
    tsr: { kind: 'string', placeholder: 'FILE', summary: 'An RFC 3161 timestamp of the signature' },
    'rekor-response': { kind: 'string', placeholder: 'FILE', summary: 'JSON with the entry as rekorBundle' },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const attachAttestation = defineCommand({
  name: 'attach attestation',
  group,
  summary: 'Attach attestations that were made somewhere else',
  examples: [
    {
      command: 'pratique attach attestation --attestation app.intoto.jsonl registry.example/app:1.0',
      does: 'DSSE envelopes, one a line, or a Sigstore bundle',
    },
  ],
  description:
    'That they are about this image is checked. That they verify is not: the key may be anybody’s.',
  args: ['IMAGE'],
  flags: {
    attestation: { kind: 'list', placeholder: 'FILE', summary: 'A DSSE envelope or bundle; may be repeated' },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const attachSbom = defineCommand({
  name: 'attach sbom',
  group,
  summary: 'Attach an SBOM that nobody signs; attest signs one',
  examples: [
    {
      command: 'pratique attach sbom --sbom sbom.spdx.json registry.example/app:1.0',
      does: 'to the SBOM tag',
    },
  ],
  args: ['IMAGE'],
  flags: {
    sbom: { kind: 'string', placeholder: 'FILE|-', summary: 'The SBOM' },
    type: { kind: 'string', choices: ['spdx', 'cyclonedx', 'syft'], default: 'spdx', summary: 'Its kind' },
    'input-format': { kind: 'string', choices: ['json', 'xml', 'text'], summary: 'Its form' },
    ...referrersMode,
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const save = defineCommand({
  name: 'save',
  group,
  summary: 'Save an image with everything attached to it in a directory',
  examples: [
    { command: 'pratique save --dir ./app registry.example/app:1.0', does: 'bundles and referrers too' },
  ],
  args: ['IMAGE'],
  flags: {
    dir: { kind: 'string', placeholder: 'DIRECTORY', summary: 'Where to, an empty or new directory' },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const load = defineCommand({
  name: 'load',
  group,
  summary: 'Push what save wrote, ours or cosign’s',
  examples: [
    { command: 'pratique load --dir ./app mirror.example/app:1.0', does: 'bundles and referrers too' },
  ],
  args: ['IMAGE'],
  flags: {
    dir: { kind: 'string', placeholder: 'DIRECTORY', summary: 'What save wrote' },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const clean = defineCommand({
  name: 'clean',
  group,
  summary: 'Remove what is attached to an image',
  examples: [
    {
      command: 'pratique clean --type signature -f registry.example/app:1.0',
      does: 'its signatures, in every format',
    },
  ],
  args: ['IMAGE'],
  flags: {
    type: {
      kind: 'string',
      choices: ['signature', 'attestation', 'referrer', 'sbom', 'all'],
      default: 'all',
      summary: 'What to remove; referrer is everything that is no tag',
    },
    force: { kind: 'boolean', short: 'f', summary: 'Do not ask' },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});
