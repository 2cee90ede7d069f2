import { defineCommand } from '../program/spec.ts';
import { databaseAgeFlag } from './scan.ts';
import { outputFlag, registryFlags, signingFlags } from './shared.ts';

// The target is -t here, as it is for whoever builds images; cosign’s -t, a deadline, gives way.
const { timeout: _, ...signing } = signingFlags;

export const harden = defineCommand({
  name: 'harden',
  group: 'Base images',
  summary: 'Make a smaller, signed base image: scan, upgrade, add, strip, test, ask policies, sign, push',
  examples: [
    {
      command: 'pratique harden debian:bookworm -f harden.yaml --dry-run',
      does: 'what would go, and why, as a tree with sizes',
    },
    {
      command:
        'pratique harden debian:bookworm -f harden.yaml -t registry.example/base/perl:1 --key cosign.key',
      does: 'build, push, sign and attest',
    },
    {
      command:
        'pratique harden oci:./base:1 -t oci:./secure:1 --sign=false --scan=false --report report.json',
      does: 'offline, with nothing but the image',
    },
  ],
  description:
    'IMAGE is a registry reference, oci:DIRECTORY[:TAG], oci-archive:FILE or docker-archive:FILE. Nothing is pushed before every step has succeeded.\nThe settings are described in docs/harden.md.',
  args: ['IMAGE'],
  flags: {
    file: {
      kind: 'string',
      short: 'f',
      placeholder: 'FILE',
      summary: 'Settings (YAML); default: strip with profile minimal',
    },
    tag: {
      kind: 'string',
      short: 't',
      placeholder: 'TARGET',
      summary: 'Where the image goes: a reference, or oci:DIRECTORY:TAG',
    },
    'dry-run': { kind: 'boolean', summary: 'Build and push nothing; print what would go, and why' },
    platform: {
      kind: 'string',
      placeholder: 'OS/ARCH',
      summary: 'Which image of an index (default: this machine’s)',
    },
    scan: { kind: 'boolean', default: true, summary: 'Look for vulnerabilities before and after' },
    sign: { kind: 'boolean', default: true, summary: 'Sign the image and attest how it was made' },
    db: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'The advisory database (default: advisories.db in the cache directory)',
    },
    ...databaseAgeFlag,
    vex: {
      kind: 'list',
      placeholder: 'FILE',
      summary: 'An OpenVEX or CSAF document about what is left; may be repeated',
    },
    'apt-cache': {
      kind: 'string',
      placeholder: 'DIR',
      summary: 'Where fetched packages are kept (default: apt in the cache directory)',
    },
    report: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Write the whole report there (.json, or .html)',
    },
    ...outputFlag,
    ...signing,
    ...registryFlags,
  },
});
