import { expect, test } from 'vitest';
import { chosenEngine } from './engine-flags.ts';

const terminal = { cwd: '/site' };

test('without flags the trust configuration chooses', () => {
  expect(chosenEngine({}, terminal)).toBeUndefined();
});

test('an OPA server, with files relative to the directory', () => {
  expect(chosenEngine({ opa: 'https://opa', 'opa-token-file': 'token' }, terminal)).toMatchObject({
    kind: 'opa',
    url: 'https://opa',
    token: { file: '/site/token' },
  });
});

test.each([
  ['two engines', { opa: 'https://opa', wasm: 'policy.wasm' }],
  ['a token for an engine that takes none', { wasm: 'policy.wasm', 'opa-token-file': 'token' }],
  ['certificates without a server', { 'opa-cacert': 'ca.pem' }],
])('%s are refused: one of them would be ignored', (_name, flags) => {
  expect(() => chosenEngine(flags, terminal)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
