import { createSelfSigned } from '@pratique/crypto';
import { VirtualNotary } from '@pratique/notary/testing/virtual-notary';
import { expect, test } from 'vitest';
import { trustFrom } from '../testing/fakes.ts';

const notary = new VirtualNotary();
const id = notary.signers.root![0]!.canonicalId;
const files = {
  'root.json': new TextDecoder().decode(notary.files.get('root.json')),
  'ca.crt': createSelfSigned({ names: ['ca.test'] }).caPem,
};
const read = (...given: string[]) =>
  trustFrom(
    `authorities:\n${given.map((one, index) => `  a${index}: { contentTrust: ${one} }`).join('\n')}
images: [{ match: "**", require: { all: [${given.map((_, index) => `a${index}`).join()}] } }]`,
    files,
  );

test('a root is trusted by keys, as a file or by authorities, and the digest tells them apart', () => {
  const trusts = [
    `{ rootKeys: ["${id}"] }`,
    `{ rootKeys: ["${'0'.repeat(64)}"] }`,
    '{ rootFile: root.json }',
    '{ rootAuthorities: ca.crt }',
    `{ rootKeys: ["${id}"], server: https://notary.test }`,
    `{ rootKeys: ["${id}"], roles: [targets] }`,
  ].map((given) => read(given));
  expect(new Set(trusts.map(({ digest }) => digest)).size).toBe(trusts.length);
  expect(trusts[0]!.authorities.get('a0')?.contentTrust).toEqual({
    server: null,
    root: { kind: 'keys', ids: [id] },
    roles: ['targets/releases', 'targets'],
    state: null,
  });
  const kept = read(`{ rootKeys: ["${id}"], state: seen }`);
  expect(kept.authorities.get('a0')?.contentTrust?.state).toBe('/etc/seen');
  expect(kept.digest).toBe(trusts[0]!.digest);
});

test.each([
  ['without a root', ['{}'], 'one of rootKeys, rootFile and rootAuthorities'],
  [
    'with two roots',
    [`{ rootKeys: ["${id}"], rootFile: root.json }`],
    'one of rootKeys, rootFile and rootAuthorities',
  ],
  ['with an id that is none', ['{ rootKeys: [abc] }'], '64 hexadecimal digits'],
  ['with an authority that is none', ['{ rootAuthorities: root.json }'], 'the authority of root keys'],
  ['with a server over plain HTTP', [`{ rootKeys: ["${id}"], server: http://notary.test }`], 'plain HTTP'],
  [
    'with a role that is none',
    [`{ rootKeys: ["${id}"], roles: [snapshot] }`],
    'a role: targets, or targets/NAME',
  ],
  ['without a role', [`{ rootKeys: ["${id}"], roles: [] }`], 'at least one'],
  ['with a misspelt member', [`{ rootKeys: ["${id}"], role: [targets] }`], 'roles'],
  ['with trust on first use', ['{ trustOnFirstUse: true }'], 'rootKeys'],
  [
    'that shares a role with another of the quorum',
    [`{ rootKeys: ["${id}"] }`, `{ rootKeys: ["${'0'.repeat(64)}"], roles: [targets] }`],
    'share a role',
  ],
])('an authority %s is refused', (_, given, expected) => {
  expect(() => read(...given)).toThrow(expect.objectContaining({ code: 'TRUST_INVALID' }));
  try {
    read(...given);
  } catch (error) {
    const { message, expected: wanted } = error as { message: string; expected?: string };
    expect(`${message} ${wanted}`).toContain(expected);
  }
});

test('a file that is missing is one that cannot be read', () => {
  expect(() => read('{ rootFile: none.json }')).toThrow(
    expect.objectContaining({ code: 'TRUST_UNREADABLE' }),
  );
});

test('what attests nothing cannot be asked to', () => {
  const lines = `authorities:\n  a: { contentTrust: { rootKeys: ["${id}"] }, attestations: [slsaprovenance1] }`;
  expect(() => trustFrom(lines)).toThrow(expect.objectContaining({ code: 'TRUST_INVALID' }));
});
