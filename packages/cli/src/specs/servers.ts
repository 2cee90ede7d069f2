import { defineCommand } from '../program/spec.ts';
import { allowedHostFlag, registryFlags, serverFlags, trustFlags } from './shared.ts';
import { sigstoreServe } from './sigstore-server.ts';

export const demo = defineCommand({
  name: 'demo',
  group: 'Start',
  summary: 'Play the whole story on real images and print the decisions',
  examples: [
    {
      command: 'pratique demo',
      does: 'twenty-one cases; exit 0 only when every decision is the expected one',
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
    offline: {
      kind: 'boolean',
      summary: 'Fetch no Debian packages for the base-image flow: the image above is hardened instead',
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
  summary: 'Run the registry, a private Sigstore and the admission webhook in one process',
  examples: [
    {
      command: 'pratique up --person dev@example.com',
      does: 'a place to push, an identity to sign with, and a webhook that lets in what was signed',
    },
    {
      command: 'pratique up --data ./pratique-data --trust trust.yaml --sigstore=false',
      does: 'registry and webhook only',
    },
  ],
  description:
    'Without --trust, DATA/trust.yaml says whose signatures count; the first start writes one that allows the images which people of\nthe private Sigstore signed. Keep --sigstore-listen: the address stands in tokens, certificates and trust files.',
  args: [],
  flags: {
    listen: {
      kind: 'string',
      placeholder: 'HOST:PORT',
      default: '127.0.0.1:5000',
      summary: "The registry's address: it stands in references, so keep it",
    },
    'admission-listen': {
      kind: 'string',
      placeholder: 'HOST:PORT',
      default: '127.0.0.1:8443',
      summary: "The webhook's address",
    },
    sigstore: { kind: 'boolean', default: true, summary: 'Run the private Sigstore, too' },
    'sigstore-listen': {
      kind: 'string',
      placeholder: 'HOST:PORT',
      default: '127.0.0.1:5080',
      summary: "The private Sigstore's address",
    },
    'sigstore-url': {
      kind: 'string',
      placeholder: 'URL',
      summary: 'URL clients reach it under; by default the address it listens on',
    },
    ...allowedHostFlag,
    person: sigstoreServe.flags.person,
    issuers: sigstoreServe.flags.issuers,
    'passphrase-file': sigstoreServe.flags['passphrase-file'],
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
    ...allowedHostFlag,
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
