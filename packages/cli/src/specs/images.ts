import { defineCommand } from '../program/spec.ts';
import { referrersMode, tagFlags } from './older.ts';
import { needlessFlag } from './refused.ts';
import { outputFlag, programFlags, registryFlags } from './shared.ts';

const group = 'Images';

export const tree = defineCommand({
  name: 'tree',
  group,
  summary: 'Show what is attached to an image: signatures, attestations, SBOMs',
  examples: [
    { command: 'pratique tree registry.example/app:1.0', does: 'every referrer and cosign tag of the image' },
  ],
  args: ['IMAGE'],
  flags: {
    output: {
      kind: 'string',
      short: 'o',
      choices: ['text', 'json', 'cosign'],
      default: 'text',
      summary: 'Form of the output; cosign is what cosign tree prints',
    },
    'experimental-oci11': needlessFlag('boolean', 'Every format is read in any case'),
    'registry-referrers-mode': {
      ...referrersMode['registry-referrers-mode'],
      hidden: true,
      summary: 'Both are shown in any case',
    },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const resolveImage = defineCommand({
  name: 'resolve',
  group,
  summary: 'Print the reference with the digest that a tag stands for now',
  examples: [{ command: 'pratique resolve registry.example/app:1.0', does: 'registry.example/app@sha256:…' }],
  args: ['IMAGE...'],
  flags: registryFlags,
});

export const inspect = defineCommand({
  name: 'inspect',
  group,
  summary: 'Print the manifest that is stored under a name, or the configuration of an image',
  examples: [
    { command: 'pratique inspect registry.example/app:1.0', does: 'the manifest, or the index over several' },
    {
      command: 'pratique inspect --config registry.example/app@sha256:…',
      does: 'what it runs, as whom, and what its layers are',
    },
    { command: 'pratique inspect oci:./layout', does: 'of an OCI image layout, or an archive' },
  ],
  description:
    'As it is stored, also where it is broken; its digest is checked. Characters that terminals obey are escaped, which an image that is\nmade by the usual tools has none of.',
  args: ['IMAGE'],
  flags: {
    config: { kind: 'boolean', summary: 'The configuration of the image and not its manifest' },
    ...programFlags,
    ...registryFlags,
  },
});

export const ls = defineCommand({
  name: 'ls',
  group,
  summary: 'List the tags of a repository',
  examples: [
    { command: 'pratique ls registry.example/app', does: 'one tag a line, in the order of the registry' },
    {
      command: 'pratique ls --omit-digest-tags registry.example/app',
      does: 'without the tags that hold signatures, attestations and SBOMs of images',
    },
    { command: 'pratique ls oci:./layout', does: 'of an OCI image layout, or an archive' },
  ],
  args: ['REPOSITORY'],
  flags: {
    'omit-digest-tags': {
      kind: 'boolean',
      summary:
        'Leave out tags that begin with sha256- or sha512-: what is attached to an image, by its digest',
    },
    'full-ref': { kind: 'boolean', summary: 'Print the whole reference of each tag' },
    ...outputFlag,
    ...programFlags,
    ...registryFlags,
  },
});

export const triangulate = defineCommand({
  name: 'triangulate',
  group,
  summary: 'Print where the tag-based signatures of an image are',
  examples: [
    { command: 'pratique triangulate registry.example/app:1.0', does: 'registry.example/app:sha256-….sig' },
  ],
  args: ['IMAGE'],
  flags: {
    type: {
      kind: 'string',
      choices: ['signature', 'attestation', 'sbom', 'digest'],
      default: 'signature',
      summary: 'What to locate',
    },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});

export const copy = defineCommand({
  name: 'copy',
  group,
  summary: 'Copy an image with everything attached to it',
  examples: [
    {
      command: 'pratique copy registry.example/app:1.0 mirror.example/app:1.0',
      does: 'registry to registry, signatures too',
    },
    {
      command: 'pratique copy docker-archive:app.tar localhost:5000/app:1.0',
      does: 'push what docker save wrote',
    },
    {
      command: 'pratique copy registry.example/app:1.0 oci:./layout:1.0',
      does: 'to an OCI image layout directory',
    },
  ],
  description:
    'A place is a registry reference, oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].',
  args: ['SOURCE', 'DESTINATION'],
  flags: {
    'image-only': { kind: 'boolean', summary: 'Copy the image, not what is attached' },
    only: {
      kind: 'list',
      placeholder: 'sig,att,sbom',
      summary: 'Copy of what is attached only these, and not the image',
    },
    'sig-only': { kind: 'boolean', hidden: true, summary: 'As --only sig' },
    force: {
      kind: 'boolean',
      short: 'f',
      summary: 'Let tags of the destination name other images from now on',
    },
    platform: {
      kind: 'string',
      placeholder: 'OS/ARCH',
      summary: 'Of an index, copy only the image for this platform: linux/arm64',
    },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});
