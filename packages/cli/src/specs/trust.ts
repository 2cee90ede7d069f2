import { defineCommand } from '../program/spec.ts';

const group = 'Trusted roots';

export const initialize = defineCommand({
  name: 'initialize',
  group,
  summary: 'Fetch and keep the roots of a Sigstore from its TUF repository',
  examples: [
    { command: 'pratique initialize', does: 'the public-good Sigstore' },
    {
      command: 'pratique initialize --mirror https://tuf.example --root root.json',
      does: 'a private one, believed on a root that you got from its operator',
    },
    {
      command:
        'pratique initialize --mirror https://tuf.example --root https://tuf.example/root.json --root-checksum SHA256',
      does: 'the same with the root fetched and compared',
    },
  ],
  description:
    'The roots are kept in TUF_ROOT, else in ~/.sigstore/root, in the form that cosign shares. Commands that need a trusted root use them from then on, and ask the repository again at most once a day.',
  args: [],
  flags: {
    mirror: {
      kind: 'string',
      placeholder: 'URL',
      default: 'https://tuf-repo-cdn.sigstore.dev',
      summary: 'The repository: http://, https:// or file://',
    },
    root: {
      kind: 'string',
      placeholder: 'FILE|URL',
      summary: 'The root.json to begin with; absent: the one that comes with pratique',
    },
    'root-checksum': {
      kind: 'string',
      placeholder: 'SHA256',
      summary: 'What the SHA-256 of --root must be',
    },
    staging: { kind: 'boolean', summary: 'The staging Sigstore' },
  },
});
