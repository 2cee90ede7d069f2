import { defineCommand } from '../program/spec.ts';
import { tagFlags } from './older.ts';
import { programFlags, registryFlags } from './shared.ts';
import { verify } from './signing.ts';

const group = 'Sign and verify';

export const manifestVerify = defineCommand({
  name: 'manifest verify',
  group,
  summary: 'Check the signatures of every image in a Kubernetes manifest, as verify does',
  examples: [
    {
      command: 'pratique manifest verify --key cosign.pub deploy.yaml',
      does: 'every image must be signed by this key',
    },
  ],
  description:
    'Containers, init and ephemeral containers and image volumes. For what a cluster decides, with policies: pratique admit.',
  args: ['FILE|-'],
  flags: verify.flags,
});

export const dockerfileVerify = defineCommand({
  name: 'dockerfile verify',
  group,
  summary: 'Check the signatures of every image in a Dockerfile, as verify does',
  examples: [
    {
      command: 'pratique dockerfile verify --key cosign.pub Dockerfile',
      does: 'every image that is built from or copied from',
    },
    {
      command: 'pratique dockerfile verify --base-image-only --key cosign.pub Dockerfile',
      does: 'what the last stage is built on',
    },
    {
      command: 'pratique dockerfile verify --build-arg TAG=1.2 --key cosign.pub Dockerfile',
      does: 'what docker build --build-arg TAG=1.2 is built from',
    },
  ],
  description:
    'Images are the frontend (# syntax=), which reads the file and decides what is built, and those of FROM, COPY --from and RUN --mount=from,\nalso behind ONBUILD, of the file and of the images it is built on. An ARG before the first FROM has the value of --build-arg or,\nwhere that is not given at all, of the environment, else its default. What ADD fetches without --checksum is told.',
  args: ['FILE|-'],
  flags: {
    'build-arg': {
      kind: 'list',
      placeholder: 'NAME=VALUE',
      summary:
        'The value of an ARG, as the build is given it; NAME: that of the environment. May be repeated',
    },
    'base-image-only': { kind: 'boolean', summary: 'Only the image that the last stage is built on' },
    ...verify.flags,
  },
});

export const generate = defineCommand({
  name: 'generate',
  group,
  summary: 'Print what the tag-based signature of an image is over, for signing it elsewhere',
  examples: [
    {
      command: 'pratique generate -a env=prod registry.example/app@sha256:… > payload.json',
      does: 'sign it, then pratique attach signature --payload payload.json --signature FILE IMAGE',
    },
  ],
  args: ['IMAGE'],
  flags: {
    annotations: {
      kind: 'list',
      short: 'a',
      placeholder: 'NAME=VALUE',
      summary: 'Put this into it; may be repeated',
    },
    ...programFlags,
    ...tagFlags,
    ...registryFlags,
  },
});
