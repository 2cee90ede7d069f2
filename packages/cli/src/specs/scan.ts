import { defineCommand } from '../program/spec.ts';
import { imageFlags } from './inspect.ts';
import { outputFlag, registryFlags, signerFlags } from './shared.ts';

const group = 'Vulnerabilities';

/** Of commands that look packages up. */
export const databaseAgeFlag = {
  'max-db-age': {
    kind: 'string',
    placeholder: 'DURATION',
    default: '120h',
    summary: 'Refuse a database that was built longer ago; 0 for any age',
  },
} as const;

const databaseFlag = {
  db: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'The advisory database (default: advisories.db in the cache directory)',
  },
} as const;

export const scan = defineCommand({
  name: 'scan',
  group,
  summary:
    'Find known vulnerabilities and secrets in an image or a root file system, or in what a bill of materials lists',
  examples: [
    {
      command: 'pratique scan registry.example/app:1.0 --fail-on high',
      does: 'exit 2 when anything is high or critical',
    },
    {
      command: 'pratique scan sbom.json --only-fixed -o json',
      does: 'CycloneDX or SPDX; what an upgrade removes, for a program',
    },
    {
      command: 'pratique scan oci:./app --ignore-file ignore.yaml --vex vendor.openvex.json -o sarif',
      does: 'with what is known not to matter, for code scanning',
    },
  ],
  description:
    'SUBJECT is an image (registry reference, oci:DIRECTORY, docker-archive:FILE), a bill of materials (FILE.json), or rootfs:DIRECTORY and\nrootfs:FILE.tar. Exit code 0: scanned. 2: a vulnerability or a secret is as bad as --fail-on. 1: something did not work; there is no database, it is too old, or it says\nnothing about some of the packages (see --allow-uncovered).',
  args: ['SUBJECT'],
  flags: {
    ...databaseFlag,
    ...databaseAgeFlag,
    'fail-on': {
      kind: 'string',
      choices: ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'],
      summary: 'Exit 2 when a finding is at least this bad; unknown: on any finding',
    },
    'only-fixed': { kind: 'boolean', summary: 'Only findings that an upgrade removes' },
    secrets: {
      kind: 'boolean',
      default: true,
      summary: 'Search the files of every layer for private keys, tokens and passwords',
    },
    'allow-uncovered': {
      kind: 'boolean',
      summary: 'Exit 0 although the database says nothing about some packages',
    },
    'ignore-file': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'YAML list of findings to live with, each with a reason and the day it expires',
    },
    vex: { kind: 'list', placeholder: 'FILE', summary: 'An OpenVEX or CSAF document; may be repeated' },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['table', 'json', 'sarif', 'cyclonedx', 'cosign-vuln', 'markdown'],
      default: 'table',
      summary: 'Form of the report',
    },
    ...imageFlags,
  },
});

export const dbImport = defineCommand({
  name: 'db import',
  group,
  summary: 'Read advisories into the local database',
  examples: [
    { command: 'pratique db import npm.zip PyPI.zip', does: "OSV's all.zip of two ecosystems" },
    {
      command: 'pratique db import debian-tracker.json kev.json epss.csv.gz',
      does: 'the tracker of Debian, KEV and EPSS',
    },
    { command: 'pratique db import vulndb/data/osv', does: 'a directory of OSV records' },
    {
      command: 'pratique db import https://mirror.example/npm/all.zip',
      does: 'fetched, and the next time only if it has changed; #sha256=… at its end pins it',
    },
  ],
  description:
    'Each INPUT is a file, a directory, a zip, or an http(s) URL of a file or zip; .gz is unpacked. What it holds is found out from its\ncontent: OSV records (JSON or YAML), CSAF and OpenVEX documents, the Debian tracker, its DSA and DLA lists, an Alpine secdb, an NVD\nfeed, KEV, EPSS. All of it is stored or, when anything cannot be fetched or read, nothing. Plain http needs #sha256=… at the end of the URL.',
  args: ['INPUT...'],
  flags: { ...databaseFlag, ...outputFlag },
});

export const dbChangelogs = defineCommand({
  name: 'db changelogs',
  group,
  summary: 'Read what a Debian or Ubuntu mirror has fixed in newer packages, from their changelogs',
  examples: [
    {
      command: 'pratique db changelogs sbom.json',
      does: 'from the security suites of this machine’s apt sources',
    },
    {
      command: 'pratique db changelogs rootfs:jammy.tar --sources jammy.sources',
      does: 'from those of another distribution',
    },
  ],
  description:
    'For each package that is installed in an older version than the mirror’s security suites have, one newer package is fetched, verified\nfrom the keyring to its digest, and the CVEs its changelog names are stored. A mirror is all that is needed; but changelogs know nothing\nof vulnerabilities without a fix, nor of severities.',
  args: ['SUBJECT'],
  flags: {
    ...databaseFlag,
    sources: {
      kind: 'list',
      placeholder: 'FILE',
      summary: 'apt sources (sources.list, or *.sources) to use in place of this machine’s; may be repeated',
    },
    arch: {
      kind: 'string',
      placeholder: 'ARCH',
      default: 'amd64',
      summary: 'Architecture of the packages, as Debian calls it',
    },
    ...outputFlag,
    ...imageFlags,
  },
});

export const dbExport = defineCommand({
  name: 'db export',
  group,
  summary: 'Publish the advisory database on a registry',
  examples: [
    {
      command: 'pratique db export registry.example/advisories:latest',
      does: 'prints the digest: sign that with pratique sign',
    },
  ],
  args: ['IMAGE'],
  flags: { ...databaseFlag, ...registryFlags },
});

export const dbUpdate = defineCommand({
  name: 'db update',
  group,
  summary: 'Fetch an advisory database that was published, once its signature is verified',
  examples: [
    {
      command: 'pratique db update registry.example/advisories:latest --key cosign.pub',
      does: 'signed with a key',
    },
    {
      command: 'pratique db update oci:./advisories --key cosign.pub',
      does: 'from an image layout, without a network',
    },
  ],
  description: 'One that is older than what is in place is refused.',
  args: ['IMAGE'],
  flags: {
    ...databaseFlag,
    'allow-unsigned': { kind: 'boolean', summary: 'Do not ask who signed it' },
    ...signerFlags,
    ...registryFlags,
  },
});

export const dbStatus = defineCommand({
  name: 'db status',
  group,
  summary: 'Show what the advisory database holds and how old it is',
  examples: [{ command: 'pratique db status', does: 'digest, age, and every source' }],
  args: [],
  flags: { ...databaseFlag, ...outputFlag },
});
