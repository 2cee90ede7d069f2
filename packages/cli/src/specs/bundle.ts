import { defineCommand } from '../program/spec.ts';
import { outputFlag, programFlags, securityKeyFlags } from './shared.ts';

const group = 'Sigstore bundles';

const rekorUrl = {
  kind: 'string',
  placeholder: 'URL',
  default: 'https://rekor.sigstore.dev',
  summary: 'The log (Rekor v1) that is asked for proofs',
} as const;
const out = { kind: 'string', placeholder: 'FILE', summary: 'Write to this file' } as const;

export const bundleCreate = defineCommand({
  name: 'bundle create',
  group,
  summary: 'Make a Sigstore bundle from a signature, a certificate and what else older tools wrote',
  examples: [
    {
      command: 'pratique bundle create --artifact app.tar --bundle old.bundle --out app.sigstore.json',
      does: 'from what cosign 2 wrote with --bundle',
    },
    {
      command:
        'pratique bundle create --artifact app.tar --signature app.sig --key cosign.pub --ignore-tlog --out app.sigstore.json',
      does: 'from a signature by a key that is in no log',
    },
  ],
  description: 'Nothing is verified: pratique verify-blob --bundle does that.',
  args: [],
  flags: {
    artifact: { kind: 'string', placeholder: 'FILE', summary: 'What was signed' },
    bundle: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'A bundle of cosign 2: base64Signature, cert, rekorBundle',
    },
    signature: { kind: 'string', placeholder: 'FILE', summary: 'The signature in base64' },
    certificate: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'The certificate of the signer, PEM, or that in base64',
    },
    key: { kind: 'string', placeholder: 'FILE|env://NAME', summary: 'The public key of the signer' },
    attestation: { kind: 'string', placeholder: 'FILE', summary: 'A DSSE envelope, in place of a signature' },
    'rfc3161-timestamp': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'A timestamp: {"SignedRFC3161Timestamp": …}',
    },
    'ignore-tlog': { kind: 'boolean', summary: 'Make a bundle without a log entry' },
    ...securityKeyFlags,
    'rekor-url': rekorUrl,
    out,
    ...programFlags,
  },
});

export const bundleUpgrade = defineCommand({
  name: 'bundle upgrade',
  group,
  summary: 'Bring a Sigstore bundle of version 0.1 or 0.2 to 0.3',
  examples: [
    {
      command: 'pratique bundle upgrade old.sigstore.json --out new.sigstore.json',
      does: 'with proofs fetched where it has none',
    },
  ],
  args: ['BUNDLE'],
  flags: { 'rekor-url': rekorUrl, out, ...programFlags },
});

export const bundleInspect = defineCommand({
  name: 'bundle inspect',
  group,
  summary: 'Show what a Sigstore bundle says, unverified',
  examples: [
    {
      command: 'pratique bundle inspect app.sigstore.json',
      does: 'certificate, log entries, timestamps, content',
    },
  ],
  args: ['BUNDLE'],
  flags: { ...outputFlag, ...programFlags },
});
