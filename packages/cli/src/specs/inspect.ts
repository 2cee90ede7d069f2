import { defineCommand } from '../program/spec.ts';
import { registryFlags } from './shared.ts';

const group = 'Images';

/** How an image to look into is named and read. */
export const imageFlags = {
  platform: {
    kind: 'string',
    placeholder: 'OS/ARCH[/VARIANT]',
    summary: 'Which image of an index (default: this machine’s)',
  },
  cache: { kind: 'boolean', default: true, summary: 'Remember layers in the cache directory' },
  ...registryFlags,
} as const;

export const sbom = defineCommand({
  name: 'sbom',
  group,
  summary: 'List the packages in an image, as a bill of materials',
  examples: [
    { command: 'pratique sbom registry.example/app:1.0', does: 'a table' },
    {
      command: 'pratique sbom -o cyclonedx-json docker-archive:app.tar > app.cdx.json',
      does: 'of what docker save wrote',
    },
    {
      command: 'pratique sbom -o spdx-json rootfs:/mnt/root',
      does: 'of a root file system: a directory or a tar',
    },
  ],
  description:
    'IMAGE is a reference, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, or rootfs:PATH. Every layer is read once, its digests are\nchecked. Packages of dpkg, apk, rpm, npm, Python, Ruby, Java, and what Go and Rust programs carry; what belongs to a package of the\noperating system is listed once, as that.',
  args: ['IMAGE'],
  flags: {
    output: {
      kind: 'string',
      short: 'o',
      choices: ['table', 'cyclonedx-json', 'spdx-json'],
      default: 'table',
      summary: 'Form of the output',
    },
    ...imageFlags,
  },
});
