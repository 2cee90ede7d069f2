import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { afterAll, expect, test } from 'vitest';
import { newHolder, newRoot, newSelfSigned, pem } from '../testing/authority.ts';
import { formatDistinguishedName, parseDistinguishedName } from './distinguished-name.ts';
import { levelOf } from './level.ts';
import { parseTrustedIdentities, parseTrustPolicy, statementFor } from './policy.ts';
import { mayBeOneSigner, type TrustStatement } from './statement.ts';
import { loadStatement, readTrustStore } from './store.ts';

const code = (run: () => unknown): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return error.code;
  }
};

const statement = {
  name: 'one',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:acme', 'tsa:stamps'],
  trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme'],
};
const parse = (...statements: object[]) =>
  parseTrustPolicy(new TextEncoder().encode(JSON.stringify({ version: '1.0', trustPolicies: statements })));

test('a trust policy is read', () => {
  expect(parse(statement)).toMatchObject([
    {
      name: 'one',
      level: { name: 'strict' },
      verifyTimestamp: 'always',
      trustStores: [
        { type: 'ca', name: 'acme' },
        { type: 'tsa', name: 'stamps' },
      ],
    },
  ]);
  const skip = {
    ...statement,
    signatureVerification: { level: 'skip' },
    trustStores: [],
    trustedIdentities: [],
  };
  expect(parse(skip)[0]?.level.name).toBe('skip');
});

test.each<[string, object]>([
  ['no name', { name: '' }],
  ['an unknown member', { trustStore: ['ca:acme'] }],
  ['no scopes', { registryScopes: [] }],
  ['a scope and *', { registryScopes: ['*', 'r.example/a'] }],
  ['a scope with *', { registryScopes: ['r.example/*'] }],
  ['a scope with a tag', { registryScopes: ['r.example/a:1'] }],
  ['a scope with a scheme', { registryScopes: ['https://r.example/a'] }],
  ['a scope without a repository', { registryScopes: ['r.example'] }],
  ['no verification', { signatureVerification: undefined }],
  ['an unknown level', { signatureVerification: { level: 'lax' } }],
  ['an unknown check', { signatureVerification: { level: 'strict', override: { expire: 'log' } } }],
  [
    'integrity that is not enforced',
    { signatureVerification: { level: 'strict', override: { integrity: 'log' } } },
  ],
  ['an unknown action', { signatureVerification: { level: 'strict', override: { expiry: 'warn' } } }],
  ['expiry that is skipped', { signatureVerification: { level: 'strict', override: { expiry: 'skip' } } }],
  [
    'authenticity that is skipped',
    { signatureVerification: { level: 'audit', override: { authenticity: 'skip' } } },
  ],
  ['skip with an override', { signatureVerification: { level: 'skip', override: { expiry: 'log' } } }],
  ['skip with trust stores', { signatureVerification: { level: 'skip' } }],
  ['an unknown verifyTimestamp', { signatureVerification: { level: 'strict', verifyTimestamp: 'never' } }],
  ['no trust stores', { trustStores: [] }],
  ['no identities', { trustedIdentities: [] }],
  ['identities that are no list', { trustedIdentities: '*' }],
  ['a trust store of no type', { trustStores: ['acme'] }],
  ['a trust store of an unknown type', { trustStores: ['root:acme'] }],
  ['a trust store elsewhere', { trustStores: ['ca:../acme'] }],
  ['a trust store named ..', { trustStores: ['ca:..'] }],
  ['* and an identity', { trustedIdentities: ['*', 'x509.subject: C=US, ST=WA, O=acme'] }],
  ['an identity of no kind', { trustedIdentities: ['C=US'] }],
  [
    'identities that overlap',
    { trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme', 'x509.subject: C=US, ST=WA, O=acme, CN=a'] },
  ],
])('a statement with %s is refused', (_, change) => {
  expect(code(() => parse({ ...statement, ...change }))).toBe('NOTATION_POLICY_INVALID');
});

test('a policy of another version, without statements or with one twice is refused', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  for (const text of ['', '[]', '{}', '{"version":"1.0","trustPolicies":[]}'])
    expect(code(() => parseTrustPolicy(bytes(text)))).toBe('NOTATION_POLICY_INVALID');
  const other = JSON.stringify({ version: '2.0', trustPolicies: [statement] });
  expect(code(() => parseTrustPolicy(bytes(other)))).toBe('NOTATION_POLICY_INVALID');
  expect(code(() => parse(statement, { ...statement, registryScopes: ['r.example/a'] }))).toBe(
    'NOTATION_POLICY_INVALID',
  );
  expect(code(() => parse(statement, { ...statement, name: 'two' }))).toBe('NOTATION_POLICY_INVALID');
});

test('the statement that names the repository comes before the one for all; there may be none', () => {
  const one = { ...statement, name: 'a', registryScopes: ['r.example/a'] };
  const all = parse(statement, one);
  expect(statementFor(all, 'r.example/a')?.name).toBe('a');
  expect(statementFor(all, 'r.example/a/b')?.name).toBe('one');
  expect(statementFor(parse(one), 'r.example/b')).toBeUndefined();
});

test('distinguished names are read as RFC 4514 writes them', () => {
  const read = (text: string) => Object.fromEntries(parseDistinguishedName(text));
  expect(read('C=US,S=WA,O=a\\, b\\+c \\ , CN = x\\c3\\bc ')).toEqual({
    C: 'US',
    ST: 'WA',
    O: 'a, b+c  ',
    CN: 'xü',
  });
  expect(formatDistinguishedName(parseDistinguishedName('ST=WA,O=a\\,b,C=US'))).toBe('C=US, O=a\\,b, ST=WA');
});

test.each([
  '',
  'C=US',
  'C=US, ST=WA',
  'C=US, ST=WA, O=',
  'C=US, ST=WA, O=a, O=b',
  'C=US, ST=WA, S=WA, O=a',
  'C=US, ST=WA, O=a+OU=b',
  'C=US, ST=WA, O=#0c0161',
  'C=US, ST=WA, O=a\\',
  'C=US, ST=WA, O=a\\zz',
  'C=US, ST=WA, O=\\ff',
  'C=US, ST=WA, O=a, 1.2.3=b',
  'C=US, ST=WA, O="a"',
  'C=US; ST=WA; O=a',
  'C=US, ST=WA, O',
])('the identity %j is refused', (text) => {
  expect(code(() => parseTrustedIdentities([`x509.subject: ${text}`]))).toBe('NOTATION_POLICY_INVALID');
});

test('whether one signer may satisfy two statements', () => {
  const [a, b] = [newRoot('a').certificate, newRoot('b').certificate];
  const trust = (ca: TrustStatement['stores']['ca'], ...identities: string[]): TrustStatement => ({
    name: 'x',
    level: levelOf('strict'),
    verifyTimestamp: 'always',
    stores: { ca, signingAuthority: [], tsa: [] },
    identities: parseTrustedIdentities(identities.map((one) => (one === '*' ? one : `x509.subject: ${one}`))),
  });
  const acme = 'C=US, ST=WA, O=acme';
  expect(mayBeOneSigner(trust([a], acme), trust([a], `${acme}, CN=x`))).toBe(true);
  expect(mayBeOneSigner(trust([a], `${acme}, CN=y`), trust([a], `${acme}, CN=x`))).toBe(false);
  expect(mayBeOneSigner(trust([a], `${acme}, OU=y`), trust([a], `${acme}, CN=x`))).toBe(true);
  expect(mayBeOneSigner(trust([a], '*'), trust([a], acme))).toBe(true);
  expect(mayBeOneSigner(trust([a], '*'), trust([b], '*'))).toBe(false);
  const below = newHolder(newRoot('c')).certificate;
  expect(mayBeOneSigner(trust([a], '*'), trust([below], '*'))).toBe(true);
});

const folder = mkdtempSync(join(tmpdir(), 'notation-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (type: string, name: string, files: Record<string, string | Uint8Array>) => {
  const path = join(folder, 'x509', type, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
};

test('a trust store is all the certificates in the files of its folder', () => {
  const [one, two, self] = [newRoot('one'), newRoot('two'), newSelfSigned()];
  put('ca', 'acme', { 'a.pem': pem(one, two), 'b.crt': self.certificate.der });
  put('tsa', 'stamps', { 'a.pem': pem(one) });
  const names = (certificates: readonly { der: Uint8Array }[]) => certificates.map(({ der }) => der);
  expect(names(readTrustStore(folder, 'ca', 'acme'))).toEqual(
    names([one, two, self].map((h) => h.certificate)),
  );
  const { stores } = loadStatement(parse(statement)[0]!, folder);
  expect([stores.ca.length, stores.signingAuthority.length, stores.tsa.length]).toEqual([3, 0, 1]);
});

test('a trust store that is not there, is empty or has something else in it is refused', () => {
  const root = newRoot('root');
  put('ca', 'empty', {});
  put('ca', 'leaf', { 'a.pem': pem(newHolder(root)) });
  put('ca', 'text', { 'a.pem': 'hello' });
  put('ca', 'nothing', { 'a.pem': '' });
  put('ca', 'key', { 'a.pem': pem(root).replaceAll('CERTIFICATE', 'PUBLIC KEY') });
  put('tsa', 'self', { 'a.pem': pem(newHolder(root)) });
  symlinkSync(join(put('ca', 'linked', {}), '../leaf/a.pem'), join(folder, 'x509/ca/linked/b.pem'));
  mkdirSync(join(put('ca', 'nested', { 'a.pem': pem(root) }), 'more'));
  put('ca', 'fine', { 'a.pem': pem(root) });
  symlinkSync('fine', join(folder, 'x509/ca/link'));
  for (const name of ['missing', 'empty', 'leaf', 'text', 'nothing', 'key', 'linked', 'nested', 'link'])
    expect([name, code(() => readTrustStore(folder, 'ca', name))]).toEqual([name, 'NOTATION_TRUST_STORE']);
  expect(code(() => readTrustStore(folder, 'tsa', 'self'))).toBe('NOTATION_TRUST_STORE');
  expect(code(() => readTrustStore(folder, 'ca', 'fine'))).toBe('accepted');
});
