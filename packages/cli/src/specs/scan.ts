import { defineCommand } from '../program/spec.ts';
import { outputFlag } from './shared.ts';

const group = 'Vulnerabilities';

const databaseFlag = {
  db: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'The advisory database (default: advisories.db in the cache directory)',
  },
} as const;

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
  ],
  description:
    'Each INPUT is a file, a directory or a zip; .gz is unpacked. What it holds is found out from its content: OSV records (JSON or YAML),\nthe Debian tracker, its DSA and DLA lists, an Alpine secdb, an NVD feed, KEV, EPSS. All of it is stored or, when anything cannot be\nread, nothing.',
  args: ['INPUT...'],
  flags: { ...databaseFlag, ...outputFlag },
});

export const dbStatus = defineCommand({
  name: 'db status',
  group,
  summary: 'Show what the advisory database holds and how old it is',
  examples: [{ command: 'pratique db status', does: 'digest, age, and every source' }],
  args: [],
  flags: { ...databaseFlag, ...outputFlag },
});
