import { defineCommand } from '../program/spec.ts';
import { programFlags } from './shared.ts';

const group = 'Sign and verify';

const tokenFlags = {
  serial: {
    kind: 'integer',
    placeholder: 'NUMBER',
    summary: 'Which token is meant, where there are several: its serial number',
  },
  'no-input': { kind: 'boolean', short: 'f', summary: 'Do it without asking' },
  ...programFlags,
} as const;

/** Other users of the machine see what stands on the command line. */
const secret = (what: string, name: string, otherwise: string) =>
  ({
    kind: 'string',
    placeholder: name,
    summary: `${what}; prefer the environment. Without it the one that tokens are delivered with, ${otherwise}`,
  }) as const;

const oldManagementKey = secret(
  'The management key that the token has, in hexadecimal',
  'KEY',
  '010203040506070801020304050607080102030405060708',
);
const randomManagementKey = {
  kind: 'boolean',
  summary: 'Give the token a random management key and forget it: only a reset lets keys be made again',
} as const;
const slot = {
  kind: 'string',
  placeholder: 'SLOT',
  summary: 'authentication (9a), signature (9c, the default), key-management (9d), card-authentication (9e)',
} as const;
const attestationRoots = {
  kind: 'string',
  placeholder: 'FILE',
  summary: 'Certificates of the authorities that are believed about tokens, PEM, in place of Yubico’s',
} as const;

export const pivSetManagementKey = defineCommand({
  name: 'piv-tool set-management-key',
  group,
  summary: 'Set the management key of a PIV token, which lets keys be made in it',
  examples: [
    {
      command: 'pratique piv-tool set-management-key --random-management-key',
      does: 'nobody makes another key in it',
    },
  ],
  args: [],
  flags: {
    'old-key': oldManagementKey,
    'new-key': secret(
      'The management key that it gets, in hexadecimal',
      'KEY',
      '010203040506070801020304050607080102030405060708',
    ),
    'random-management-key': randomManagementKey,
    ...tokenFlags,
  },
});

export const pivSetPin = defineCommand({
  name: 'piv-tool set-pin',
  group,
  summary: 'Set the PIN of a PIV token',
  examples: [
    { command: 'pratique piv-tool set-pin --old-pin 123456 --new-pin 684920', does: '6 to 8 digits' },
  ],
  args: [],
  flags: {
    'old-pin': secret('The PIN that the token has', 'PIN', '123456'),
    'new-pin': secret('The PIN that it gets', 'PIN', '123456'),
    ...tokenFlags,
  },
});

export const pivSetPuk = defineCommand({
  name: 'piv-tool set-puk',
  group,
  summary: 'Set the PUK of a PIV token, which unblocks its PIN',
  examples: [
    { command: 'pratique piv-tool set-puk --old-puk 12345678 --new-puk 38104759', does: '6 to 8 digits' },
  ],
  args: [],
  flags: {
    'old-puk': secret('The PUK that the token has', 'PUK', '12345678'),
    'new-puk': secret('The PUK that it gets', 'PUK', '12345678'),
    ...tokenFlags,
  },
});

export const pivUnblock = defineCommand({
  name: 'piv-tool unblock',
  group,
  summary: 'Set a new PIN of a PIV token with its PUK',
  examples: [
    {
      command: 'pratique piv-tool unblock --puk 38104759 --new-PIN 684920',
      does: 'after the PIN was wrong too often',
    },
  ],
  args: [],
  flags: {
    puk: secret('The PUK that the token has', 'PUK', '12345678'),
    'new-PIN': secret('The PIN that it gets', 'PIN', '123456'),
    ...tokenFlags,
  },
});

export const pivAttestation = defineCommand({
  name: 'piv-tool attestation',
  group,
  summary: 'Show and verify the proof that a key was made in a YubiKey',
  examples: [
    { command: 'pratique piv-tool attestation -o json', does: 'certificates, serial number, policies' },
  ],
  args: [],
  flags: {
    slot,
    output: {
      kind: 'string',
      short: 'o',
      choices: ['text', 'json'],
      default: 'text',
      summary: 'Form of the output',
    },
    'attestation-roots': attestationRoots,
    ...tokenFlags,
  },
});

export const pivGenerateKey = defineCommand({
  name: 'piv-tool generate-key',
  group,
  summary: 'Make a key in a YubiKey, in place of the one in the slot',
  examples: [
    { command: 'pratique piv-tool generate-key', does: 'in the slot for signatures, with PIN and touch' },
    {
      command: 'pratique piv-tool generate-key --slot authentication --touch-policy never',
      does: 'where nobody is there to touch it',
    },
  ],
  args: [],
  flags: {
    slot,
    'pin-policy': {
      kind: 'string',
      placeholder: 'POLICY',
      choices: ['', 'never', 'once', 'always'],
      summary: 'When the key asks for the PIN: never, once, always. Without it as is usual for the slot',
    },
    'touch-policy': {
      kind: 'string',
      placeholder: 'POLICY',
      choices: ['', 'never', 'always', 'cached'],
      summary:
        'When the key waits for a touch: never, always, cached (15 seconds). Without it as is usual for the slot',
    },
    'management-key': oldManagementKey,
    'random-management-key': randomManagementKey,
    'attestation-roots': attestationRoots,
    ...tokenFlags,
  },
});

export const pivReset = defineCommand({
  name: 'piv-tool reset',
  group,
  summary: 'Make the PIV application of a token as new: its keys are gone',
  examples: [{ command: 'pratique piv-tool reset', does: 'PIN 123456, PUK 12345678, no keys' }],
  args: [],
  flags: tokenFlags,
});
