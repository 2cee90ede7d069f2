import { defineCommand } from '../program/spec.ts';
import { allowedHostFlag, serverFlags } from './shared.ts';

export const sigstoreServe = defineCommand({
  name: 'sigstore serve',
  group: 'Sign and verify',
  summary: 'Run a private Sigstore on a directory: issuer, Fulcio, Rekor, CT log, timestamps, TUF',
  examples: [
    {
      command: 'pratique sigstore serve --listen 127.0.0.1:5080 --data ./sigstore --person dev@example.com',
      does: 'then `pratique initialize --mirror http://127.0.0.1:5080/tuf --root http://127.0.0.1:5080/tuf/root.json`',
    },
    {
      command: 'pratique sigstore serve --url https://sigstore.example.com --issuers issuers.yaml',
      does: 'behind a TLS proxy, with tokens of issuers elsewhere',
    },
    {
      command:
        "pratique sigstore serve --ca-key 'pkcs11:token=ca;object=fulcio?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/pin'",
      does: 'certificates are signed inside a token',
    },
  ],
  description:
    'Everything is in the directory, keys and logs; what is acknowledged is on disk. It speaks plain HTTP: for others than this\nmachine put it behind a TLS proxy and say under which --url it is reached.\nAn identity token, with the secret from people.json in the directory: curl -d grant_type=client_credentials \\\n  -d client_id=dev@example.com -d client_secret=… URL/oidc/token',
  args: [],
  flags: {
    ...serverFlags,
    ...allowedHostFlag,
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
    'witness-policy': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Have the witnesses of this policy (C2SP tlog-policy, with URLs) cosign checkpoints',
    },
    witnessed: {
      kind: 'list',
      placeholder: 'LOG',
      summary: 'Of this log: rekor, rekor-v2 or ctlog; may be repeated; by default rekor-v2',
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
    'ca-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary:
        'Key that signs certificates, elsewhere than in the directory: pkcs11:…, k8s://…, hashivault://…, awskms://…, gcpkms://…, azurekms://…, of a KMS plugin, FILE or env://NAME; again for each after a rotation',
    },
    'ca-root-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'The same for the root of the certificate authority',
    },
    'tsa-key': { kind: 'list', placeholder: 'KEY', summary: 'The same for the key that signs timestamps' },
    'tsa-root-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'The same for the root of the timestamp authority',
    },
    'rekor-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'The same for the key that signs entries and checkpoints of Rekor v1',
    },
    'rekor-v2-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'The same for the checkpoints of Rekor v2',
    },
    'ctlog-key': {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'The same for the timestamps and heads of the certificate log',
    },
  },
});

export const witnessServe = defineCommand({
  name: 'witness serve',
  group: 'Sign and verify',
  summary: 'Run a witness: cosign the checkpoints of logs that only grow',
  examples: [
    {
      command:
        'pratique witness serve --listen 127.0.0.1:5090 --data ./witness --name witness.example.com/w1 --log VKEY',
      does: 'prints its own verifier key, for witness policies',
    },
  ],
  description:
    'C2SP tlog-witness: what was seen last of each log is on disk before it is cosigned, so that no two histories of a log are\never cosigned. Run it elsewhere than the log, by somebody else. `pratique sigstore serve` prints the keys of its logs.',
  args: [],
  flags: {
    ...serverFlags,
    ...allowedHostFlag,
    data: {
      kind: 'string',
      placeholder: 'DIR',
      default: './pratique-witness',
      summary: 'Where its key is kept, and what it has seen',
    },
    name: { kind: 'string', placeholder: 'NAME', summary: 'Its name: a URL without scheme by custom' },
    log: {
      kind: 'list',
      placeholder: 'VKEY',
      summary:
        'Verifier key of a log (C2SP signed-note), as "ORIGIN VKEY" where its name is not the origin; may be repeated',
    },
    'passphrase-file': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Encrypt the key with the first line of this file',
    },
  },
});

export const sigstoreData = {
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

export const sigstoreRotate = defineCommand({
  name: 'sigstore rotate',
  group: 'Sign and verify',
  summary: 'Give services of a private Sigstore new keys; old signatures keep verifying',
  examples: [
    {
      command: 'pratique sigstore rotate --data ./sigstore',
      does: 'the keys there are, and when each counts',
    },
    {
      command: 'pratique sigstore rotate fulcio tsa --from 2027-01-01T00:00:00Z --data ./sigstore',
      does: 'new authorities, published at the next start and used from then on',
    },
    {
      command: 'pratique sigstore rotate rekor --until 2026-11-01T00:00:00Z --data ./sigstore',
      does: 'a stolen key: a new one now, and what the old one signed since November does not count',
    },
  ],
  description:
    'Services: rekor, rekor-v2, ctlog, fulcio (root and intermediate), tsa (root and certificate), tuf-root, and tuf (targets,\nsnapshot, timestamp). Stop the server first, and start it again afterwards. Logs go on as the trees they are. The trusted root\nnames old keys with the end of their time; a new TUF root is signed by the old key and the new one.',
  args: ['[SERVICE...]'],
  flags: {
    data: sigstoreData,
    from: {
      kind: 'string',
      placeholder: 'TIME',
      summary: 'When the new key takes over (RFC 3339). Now by default; clients that cache need a day',
    },
    until: {
      kind: 'string',
      placeholder: 'TIME',
      summary: 'The end of the old key’s time, where that is before the new one’s beginning: it was stolen',
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
