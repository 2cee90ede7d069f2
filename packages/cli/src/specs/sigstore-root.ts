import { defineCommand } from '../program/spec.ts';
import { sigstoreData } from './sigstore-server.ts';

const passphraseFile = {
  kind: 'string',
  placeholder: 'FILE',
  summary: 'The passphrase of the keys in the directory, where it has one',
} as const;

export const sigstorePrepareRoot = defineCommand({
  name: 'sigstore prepare-root',
  group: 'Sign and verify',
  summary: 'Make the next root of the TUF repository, to be signed by keys that are elsewhere',
  examples: [
    {
      command:
        'pratique sigstore prepare-root --data ./sigstore --threshold 2 --key a.pub --key b.pub --key c.pub --to root.json',
      does: 'two of three people sign roots from now on, not the server',
    },
    {
      command: 'pratique sigstore prepare-root --data ./sigstore --to root.json',
      does: 'the same people again: before it expires, or for a new key of `rotate tuf`',
    },
  ],
  description:
    'Hand the file to those who sign (`pratique sigstore sign-root`), then give their copies to `pratique sigstore publish-root`.\nThe first such root is signed by the key in the directory as well, which clients know. Keys are Ed25519 or ECDSA P-256.',
  args: [],
  flags: {
    data: sigstoreData,
    key: {
      kind: 'list',
      placeholder: 'KEY',
      summary:
        'Public key that may sign, as `--key` of verify has it; once for each. By default those of the root before',
    },
    threshold: { kind: 'integer', placeholder: 'N', summary: 'How many of the keys must sign' },
    expires: {
      kind: 'string',
      placeholder: 'TIME',
      summary: 'Until when it is good (RFC 3339); by default a year from now',
    },
    to: {
      kind: 'string',
      placeholder: 'FILE',
      default: 'root.json',
      summary: 'A file that is not there yet',
    },
    'passphrase-file': passphraseFile,
  },
});

export const sigstoreSignRoot = defineCommand({
  name: 'sigstore sign-root',
  group: 'Sign and verify',
  summary: 'Add a signature to a TUF root that was prepared',
  examples: [
    {
      command: 'pratique sigstore sign-root --key a.key root.json',
      does: 'shows what is signed, and who has signed; needs no network and no data directory',
    },
    {
      command: 'pratique sigstore sign-root --key old.key --previous 2.root.json root.json',
      does: 'by a key that only the root before names: one that is being replaced',
    },
  ],
  description:
    'Compare the sha256 that is printed with the others who sign: it is that of the bytes all of you sign.',
  args: ['FILE'],
  flags: {
    key: {
      kind: 'string',
      placeholder: 'KEY',
      summary:
        'Private key: FILE, env://NAME, pkcs11:…, k8s://…, hashivault://…, awskms://…, gcpkms://…, azurekms://… or of a KMS plugin',
    },
    previous: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'The root before, for a key that is only there',
    },
  },
});

export const sigstorePublishRoot = defineCommand({
  name: 'sigstore publish-root',
  group: 'Sign and verify',
  summary: 'Take back a TUF root that was signed elsewhere, and publish it at the next start',
  examples: [
    {
      command: 'pratique sigstore publish-root --data ./sigstore from-a/root.json from-b/root.json',
      does: 'copies of one root, each with its signature',
    },
  ],
  description:
    'Refused unless enough keys of the root before and enough of its own have signed, it is the next version, has not expired, and\nlets the server sign targets, snapshot and timestamp. Stop the server first, and start it again afterwards.',
  args: ['FILE...'],
  flags: { data: sigstoreData, 'passphrase-file': passphraseFile },
});
