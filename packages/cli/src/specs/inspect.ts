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
      choices: ['table', 'cyclonedx-json', 'cyclonedx-json@1.7', 'spdx-json'],
      default: 'table',
      summary: 'Form of the output',
    },
    ...imageFlags,
  },
});

export const check = defineCommand({
  name: 'check',
  group,
  summary: 'Check how an image is configured, and what the tests of its structure say',
  examples: [
    { command: 'pratique check registry.example/app:1.0', does: 'what is wrong, and what to do' },
    {
      command: 'pratique check --fail-on medium --accept setuid oci:./layout',
      does: 'exit 2 when something is',
    },
    {
      command: 'pratique check --structure-test tests.yaml docker-archive:app.tar',
      does: 'tests of container-structure-test too',
    },
  ],
  description:
    'IMAGE is a reference, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, or rootfs:PATH. The checks are those of the CIS Docker\nBenchmark and of dockle that an image can be asked. commandTests are run in bubblewrap or crun; without either they are reported as not run.\nExit code 0: looked at. 2: a check is as bad as --fail-on, or a test of the structure failed or was not run.',
  args: ['IMAGE'],
  flags: {
    'fail-on': {
      kind: 'string',
      choices: ['high', 'medium', 'low'],
      summary: 'Exit 2 when a check that is at least this severe fails',
    },
    accept: { kind: 'list', placeholder: 'ID', summary: 'Live with what this check finds; may be repeated' },
    'structure-test': {
      kind: 'list',
      placeholder: 'FILE',
      summary: 'A test file of container-structure-test (schemaVersion 2.0.0); may be repeated',
    },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['text', 'json'],
      default: 'text',
      summary: 'Form of the output',
    },
    ...imageFlags,
  },
});
