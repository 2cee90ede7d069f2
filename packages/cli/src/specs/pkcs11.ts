import { defineCommand } from '../program/spec.ts';
import { outputFlag } from './shared.ts';

const group = 'Sign and verify';

const moduleFlag = {
  'module-path': {
    kind: 'string',
    placeholder: 'FILE',
    env: ['COSIGN_PKCS11_MODULE_PATH'],
    summary: 'The PKCS#11 module, an absolute path',
  },
} as const;

export const pkcs11ListTokens = defineCommand({
  name: 'pkcs11-tool list-tokens',
  group,
  summary: 'List the tokens that a PKCS#11 module has',
  examples: [
    {
      command: 'pratique pkcs11-tool list-tokens --module-path /usr/lib/softhsm/libsofthsm2.so',
      does: 'slot, label, serial number',
    },
  ],
  args: [],
  flags: { ...moduleFlag, ...outputFlag },
});

export const pkcs11ListKeysUris = defineCommand({
  name: 'pkcs11-tool list-keys-uris',
  group,
  summary: 'List the keys in a PKCS#11 token, as --key takes them',
  examples: [
    {
      command:
        'pratique pkcs11-tool list-keys-uris --slot-id 1 --module-path /usr/lib/softhsm/libsofthsm2.so',
      does: 'asks for the PIN, or takes COSIGN_PKCS11_PIN',
    },
  ],
  args: [],
  flags: {
    ...moduleFlag,
    'slot-id': { kind: 'integer', placeholder: 'NUMBER', summary: 'The slot the token is in' },
    pin: {
      kind: 'string',
      placeholder: 'PIN',
      env: ['COSIGN_PKCS11_PIN'],
      summary: 'PIN of the token; other users of this machine see it here: prefer COSIGN_PKCS11_PIN',
    },
    ...outputFlag,
  },
});
