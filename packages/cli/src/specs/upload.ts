import { defineCommand } from '../program/spec.ts';
import { needlessFlag } from './refused.ts';
import { programFlags, registryFlags } from './shared.ts';

const group = 'Images';

/** Of cosign 2, which has it on whatever speaks with registries. */
const olderFlags = {
  'attachment-tag-prefix': needlessFlag('string', 'Nothing that is attached to images is looked for'),
} as const;

export const uploadBlob = defineCommand({
  name: 'upload blob',
  group,
  summary: 'Push files to a registry as images of one layer, as cosign does',
  examples: [
    {
      command: 'pratique upload blob -f app.tar.gz registry.example/app:1.0',
      does: 'one file; prints the name to sign',
    },
    {
      command:
        'pratique upload blob -f app-linux:linux/amd64 -f app-mac:darwin/arm64 registry.example/app:1.0',
      does: 'one for each platform, with an index over them',
    },
    {
      command:
        'pratique upload blob -f config.json --ct application/json -a team=a registry.example/config:1.0',
      does: 'of this media type, with an annotation',
    },
  ],
  description:
    'The layer is the file as it is; its media type is what the first 512 bytes say it is, unless --ct does. What is pushed has the\ndigest that cosign’s has. Get it back with crane blob or oras blob fetch, by the digest of the layer.',
  args: ['IMAGE'],
  flags: {
    files: {
      kind: 'list',
      short: 'f',
      placeholder: 'FILE[:OS[/ARCH]]',
      summary: 'The file, and the platform it is for; may be repeated, then with platforms',
    },
    ct: { kind: 'string', placeholder: 'TYPE', summary: 'Media type of the files' },
    annotation: {
      kind: 'list',
      short: 'a',
      placeholder: 'NAME=VALUE',
      summary: 'Annotation of the manifests; may be repeated',
    },
    ...programFlags,
    ...olderFlags,
    ...registryFlags,
  },
});

export const uploadWasm = defineCommand({
  name: 'upload wasm',
  group,
  summary: 'Push a WebAssembly module to a registry, as cosign does',
  examples: [
    {
      command: 'pratique upload wasm -f filter.wasm registry.example/filter:1.0',
      does: 'with the media types of Wasm OCI images',
    },
  ],
  args: ['IMAGE'],
  flags: {
    file: { kind: 'string', short: 'f', placeholder: 'FILE', summary: 'The module' },
    ...programFlags,
    ...olderFlags,
    ...registryFlags,
  },
});
