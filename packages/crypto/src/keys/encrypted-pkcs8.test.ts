import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { objectIdentifier, octetString, sequence, unsignedInteger } from '../der/writer.ts';
import { formatPem } from '../encoding/pem.ts';
import { isEncryptedKey, parseSigningKey } from './signing-key.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const plain = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const pem = privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'secret',
}) as string;
const headed = (text: string, ...headers: string[]) =>
  text.replace(/\n/, `\n${headers.map((header) => `${header}\n`).join('')}\n`);
const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));

const code = (read: () => unknown): string => {
  try {
    read();
    return 'read';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test.each([
  ['as OpenSSL writes it', pem],
  ['with the headers of a targets key', headed(pem, 'gun: registry.test/team/app', 'role: targets')],
  ['with the header of a root key', headed(pem, 'role: root')],
  ['with lines that end as on Windows', headed(pem, 'role: root').replaceAll('\n', '\r\n')],
])('a key of content trust is opened with its password: %s', (_, text) => {
  expect(isEncryptedKey(text)).toBe(true);
  expect(parseSigningKey(text, 'secret').publicKey.spki).toEqual(spki);
  expect(code(() => parseSigningKey(text, 'wrong'))).toBe('KEY_PASSWORD_WRONG');
  expect(code(() => parseSigningKey(text))).toBe('KEY_PASSWORD_WRONG');
});

test('headers are taken from unencrypted keys, too, and others from none', () => {
  expect(parseSigningKey(headed(plain, 'role: root')).publicKey.spki).toEqual(spki);
  expect(code(() => parseSigningKey(headed(pem, 'Proc-Type: 4,ENCRYPTED'), 'secret'))).toBe(
    'ENCODING_INVALID',
  );
  expect(code(() => parseSigningKey(headed(pem, ...Array<string>(4).fill('role: root')), 'secret'))).toBe(
    'ENCODING_INVALID',
  );
});

const old = (cipher: string) =>
  privateKey.export({ type: 'sec1', format: 'pem', cipher, passphrase: 'secret' }) as string;
const withRole = (text: string) => text.replace(/(DEK-Info: .*\n)/, '$1role: targets/releases\n');

test.each([
  ['as OpenSSL writes it', old('aes-256-cbc')],
  ['with 128 bits', old('aes-128-cbc')],
  ['with a header of Notary', withRole(old('aes-256-cbc'))],
  ['with lines that end as on Windows', withRole(old('aes-256-cbc')).replaceAll('\n', '\r\n')],
])('a key of Notary of before PKCS #8 is opened with its password: %s', (_, text) => {
  expect(isEncryptedKey(text)).toBe(true);
  expect(parseSigningKey(text, 'secret').publicKey.spki).toEqual(spki);
  expect(code(() => parseSigningKey(text, 'wrong'))).toBe('KEY_PASSWORD_WRONG');
});

test.each([
  ['another cipher', old('des-ede3-cbc')],
  ['something behind it', `${old('aes-256-cbc')}${plain}`],
  ['another header', old('aes-256-cbc').replace('DEK-Info', 'X-Info')],
])('with %s it is refused', (_, text) => {
  expect(code(() => parseSigningKey(text, 'secret'))).toBe('ENCODING_INVALID');
});

const encrypted = (scheme: string, derivation: string, iterations: number) =>
  formatPem(
    'ENCRYPTED PRIVATE KEY',
    sequence(
      sequence(
        objectIdentifier(scheme),
        sequence(
          sequence(
            objectIdentifier(derivation),
            sequence(octetString(new Uint8Array(8)), unsignedInteger(Uint8Array.of(...bytesOf(iterations)))),
          ),
          sequence(objectIdentifier('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16))),
        ),
      ),
      octetString(new Uint8Array(16)),
    ),
  );
const bytesOf = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff);

test.each([
  [
    'more rounds than take a second',
    '1.2.840.113549.1.5.13',
    '1.2.840.113549.1.5.12',
    2_000_001,
    'KEY_FILE_INVALID',
  ],
  ['as many as may be', '1.2.840.113549.1.5.13', '1.2.840.113549.1.5.12', 2_000_000, 'KEY_PASSWORD_WRONG'],
  ['PBES1', '1.2.840.113549.1.5.3', '1.2.840.113549.1.5.12', 1, 'KEY_FILE_INVALID'],
  ['scrypt', '1.2.840.113549.1.5.13', '1.3.6.1.4.1.11591.4.11', 1, 'KEY_FILE_INVALID'],
])('a file that asks for %s', (_, scheme, derivation, iterations, expected) => {
  expect(code(() => parseSigningKey(encrypted(scheme, derivation, iterations), ''))).toBe(expected);
});

test('what is cut off is no key', () => {
  expect(code(() => parseSigningKey(formatPem('ENCRYPTED PRIVATE KEY', Uint8Array.of(0x30, 3))))).toBe(
    'DER_INVALID',
  );
});
