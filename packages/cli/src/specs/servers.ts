import { defineCommand } from '../program/spec.ts';
import { registryFlags, serverFlags, trustFlags } from './shared.ts';

export const demo = defineCommand({
  name: 'demo',
  group: 'Start',
  summary: 'Play the whole story on real images and print the decisions',
  examples: [
    {
      command: 'pratique demo',
      does: 'nineteen cases, offline; exit 0 only when every decision is the expected one',
    },
    { command: 'pratique demo --keep', does: 'leave the registry and the webhook running to try things on' },
    {
      command: 'pratique demo --base debian.tar -o json',
      does: 'on an image of yours (docker archive, OCI layout or reference)',
    },
  ],
  args: [],
  flags: {
    base: {
      kind: 'string',
      placeholder: 'REF|ARCHIVE',
      summary: 'The image to play with; by default one assembled from this Node',
    },
    keep: { kind: 'boolean', summary: 'Leave everything running until interrupted' },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['text', 'json'],
      default: 'text',
      summary: 'Form of the output',
    },
    ...registryFlags,
  },
});

export const up = defineCommand({
  name: 'up',
  group: 'Start',
  summary: 'Run the registry and the admission webhook in one process',
  examples: [
    {
      command: 'pratique up --data ./pratique-data --trust trust.yaml',
      does: 'both, on free loopback ports',
    },
  ],
  args: [],
  flags: {
    listen: {
      kind: 'string',
      placeholder: 'HOST:PORT',
      default: '127.0.0.1:0',
      summary: "The registry's address",
    },
    'admission-listen': {
      kind: 'string',
      placeholder: 'HOST:PORT',
      default: '127.0.0.1:0',
      summary: "The webhook's address",
    },
    output: serverFlags.output,
    data: {
      kind: 'string',
      placeholder: 'DIR',
      default: './pratique-data',
      summary: 'Where everything is kept',
    },
    deadline: {
      kind: 'integer',
      placeholder: 'MILLISECONDS',
      default: 8000,
      summary: 'The webhook answers after this long, with a reason',
    },
    ...trustFlags,
    ...registryFlags,
  },
});

export const registryServe = defineCommand({
  name: 'registry serve',
  group: 'Images',
  summary: 'Run an OCI registry on a directory',
  examples: [
    {
      command: 'pratique registry serve --listen 127.0.0.1:5000 --data ./registry',
      does: 'docker, crane, oras, skopeo and cosign can use it',
    },
  ],
  args: [],
  flags: {
    ...serverFlags,
    data: {
      kind: 'string',
      placeholder: 'DIR',
      default: './pratique-registry',
      summary: 'Where everything is kept',
    },
    'read-only': { kind: 'boolean', summary: 'Refuse pushes and deletions' },
    'tls-cert': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Certificate chain, PEM; without it plain HTTP',
    },
    'tls-key': { kind: 'string', placeholder: 'FILE', summary: 'Its private key, PEM' },
  },
});

export const sigstoreServe = defineCommand({
  name: 'sigstore serve',
  group: 'Sign and verify',
  summary: 'Run a private Sigstore on a directory: issuer, Fulcio, Rekor, CT log, timestamps, TUF',
  examples: [
    {
      command: 'pratique sigstore serve --listen 127.0.0.1:5080 --data ./sigstore --person dev@example.com',
      does: 'then `cosign initialize --mirror http://127.0.0.1:5080/tuf --root http://127.0.0.1:5080/tuf/root.json`',
    },
    {
      command: 'pratique sigstore serve --url https://sigstore.example.com --issuers issuers.yaml',
      does: 'behind a TLS proxy, with tokens of issuers elsewhere',
    },
  ],
  description:
    'Everything is in the directory, keys and logs; what is acknowledged is on disk. It speaks plain HTTP: for others than this\nmachine put it behind a TLS proxy and say under which --url it is reached.\nAn identity token, with the secret from people.json in the directory: curl -d grant_type=client_credentials \\\n  -d client_id=dev@example.com -d client_secret=… URL/oidc/token',
  args: [],
  flags: {
    ...serverFlags,
    data: {
      kind: 'string',
      placeholder: 'DIR',
      default: './pratique-sigstore',
      summary: 'Where everything is kept',
    },
    url: {
      kind: 'string',
      placeholder: 'URL',
      summary: 'URL clients reach it under; by default the address it listens on. Keep it the same',
    },
    person: {
      kind: 'list',
      placeholder: 'EMAIL',
      summary: 'Somebody who can get identity tokens; may be repeated',
    },
    issuers: {
      kind: 'string',
      placeholder: 'FILE',
      summary:
        'Issuers elsewhere to trust, JSON or YAML: a list of {url, type, …}, or Fulcio’s identity configuration',
    },
    'rate-limit': {
      kind: 'integer',
      placeholder: 'N',
      summary: 'Writes one client address may send a second; by default no limit',
    },
    'passphrase-file': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Encrypt the keys with the first line of this file',
    },
  },
});

const sigstoreData = {
  kind: 'string',
  placeholder: 'DIR',
  default: './pratique-sigstore',
  summary: 'The data directory of `pratique sigstore serve`',
} as const;

export const sigstoreAudit = defineCommand({
  name: 'sigstore audit',
  group: 'Sign and verify',
  summary: 'Check that the logs of a private Sigstore are whole, and only grew',
  examples: [
    { command: 'pratique sigstore audit --data ./sigstore', does: 'a directory, also while it is served' },
    {
      command:
        'pratique sigstore audit --url https://sigstore.example.com --trusted-root root.json --state seen.json',
      does: 'a server, from elsewhere; remembers the trees it saw, and notices when one forks',
    },
  ],
  description:
    'Every entry of Rekor v1, Rekor v2 and the certificate log is read and hashed: the tiles must follow from the entries, the\nsigned checkpoint from the tiles, and the tree must continue the one in the state file. Exit 2 when one does not.',
  args: [],
  flags: {
    data: sigstoreData,
    url: { kind: 'string', placeholder: 'URL', summary: 'A server instead of a directory' },
    'trusted-root': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Whose keys to believe, for --url',
    },
    state: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Trees seen before; written when all is well',
    },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['text', 'json'],
      default: 'text',
      summary: 'Form of the output',
    },
  },
});

export const sigstoreBackup = defineCommand({
  name: 'sigstore backup',
  group: 'Sign and verify',
  summary: 'Copy a private Sigstore, also while it runs',
  examples: [
    {
      command: 'pratique sigstore backup --data ./sigstore --to ./backup-1',
      does: 'everything acknowledged until now, with the private keys',
    },
  ],
  args: [],
  flags: {
    data: sigstoreData,
    to: { kind: 'string', placeholder: 'DIR', summary: 'A directory that is not there yet' },
  },
});

export const sigstoreRestore = defineCommand({
  name: 'sigstore restore',
  group: 'Sign and verify',
  summary: 'Make a data directory from a backup',
  examples: [
    {
      command: 'pratique sigstore restore --from ./backup-1 --data ./sigstore',
      does: 'then `pratique sigstore serve --data ./sigstore` goes on from there',
    },
  ],
  description:
    'Entries acknowledged after the backup was made are lost, and whoever saw them sees a fork. Restore when the directory is\nlost, not to go back.',
  args: [],
  flags: {
    from: { kind: 'string', placeholder: 'DIR', summary: 'What `pratique sigstore backup` made' },
    data: { ...sigstoreData, summary: 'A directory that is not there yet' },
  },
});
