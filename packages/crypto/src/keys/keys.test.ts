import { createPublicKey, generateKeyPairSync, type KeyObject, scryptSync } from 'node:crypto';
import { secretbox } from '@noble/ciphers/salsa.js';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitString, encodeDer, objectIdentifier, sequence, unsignedInteger } from '../der/writer.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { formatPem, parsePem } from '../encoding/pem.ts';
import { formatPublicKey, parsePublicKey } from './public-key.ts';
import { formatSigningKey, generateSigningKey, isEncryptedKey, parseSigningKey } from './signing-key.ts';
import { verifySignature } from './verify.ts';

const algorithms = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa', 'ed25519'] as const;
const signers = Object.fromEntries(algorithms.map((algorithm) => [algorithm, generateSigningKey(algorithm)]));
const data = new TextEncoder().encode('data');
const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

describe.each(algorithms)('%s', (algorithm) => {
  const signer = signers[algorithm]!;

  test('a public key survives PEM and DER, and has one fingerprint', () => {
    const pem = formatPublicKey(signer.publicKey);
    for (const input of [
      pem,
      new TextEncoder().encode(pem),
      signer.publicKey.spki,
      pem.replaceAll('\n', '\r\n'),
    ]) {
      expect(parsePublicKey(input).fingerprint).toBe(signer.publicKey.fingerprint);
    }
    expect(Buffer.from(signer.publicKey.hint, 'base64').toString('hex')).toBe(
      signer.publicKey.fingerprint.slice(7),
    );
  });

  test('signs what verifies, and nothing else', () => {
    const signature = signer.sign(data);
    expect(verifySignature(signer.publicKey, data, signature)).not.toBeNull();
    expect(verifySignature(signer.publicKey, new TextEncoder().encode('Data'), signature)).toBeNull();
    for (const other of algorithms.filter((name) => name !== algorithm)) {
      expect(verifySignature(signers[other]!.publicKey, data, signature)).toBeNull();
    }
  });

  test('never throws for a signature, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (signature) => {
        expect(verifySignature(signer.publicKey, data, signature)).toBeNull();
      }),
      { numRuns: 50 },
    );
  });
});

test.each(['ecdsa-p256', 'rsa'])(
  'a %s key file is read with its password, and with no other',
  (algorithm) => {
    const signer = signers[algorithm]!;
    const file = formatSigningKey(signer, 'correct horse');
    expect(isEncryptedKey(file)).toBe(true);
    expect(parseSigningKey(file, 'correct horse').publicKey.fingerprint).toBe(signer.publicKey.fingerprint);
    const wrong = expect.objectContaining({ code: 'KEY_PASSWORD_WRONG', kind: 'auth' });
    expect(() => parseSigningKey(file, 'battery staple')).toThrow(wrong);
  },
);

test('Ed25519ph, as Cosign signs, verifies under its own name', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const secret = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32));
  const key = parsePublicKey(spkiOf(publicKey));
  const signature = ed25519ph.sign(data, secret);
  expect(verifySignature(key, data, signature)).toBe('ed25519ph');
  expect(verifySignature(key, data, signature, ['ed25519'])).toBeNull();
  expect(verifySignature(key, data, ed25519ph.sign(data, secret, { context: Uint8Array.of(1) }))).toBeNull();
});

test('RSA-PSS verifies where it is asked for by name, and only there', async () => {
  const { sign, constants } = await import('node:crypto');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = parsePublicKey(spkiOf(publicKey));
  const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const signature = new Uint8Array(sign('sha256', data, pss));
  expect(verifySignature(key, data, signature)).toBeNull();
  expect(verifySignature(key, data, signature, ['rsa-pss-sha256'])).toBe('rsa-pss-sha256');
});

describe('a public key that must not be trusted is refused', () => {
  const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array) =>
    sequence(
      sequence(objectIdentifier('1.2.840.113549.1.1.1'), Uint8Array.of(5, 0)),
      bitString(sequence(unsignedInteger(modulus), unsignedInteger(exponent))),
    );
  const modulus = (bytes: number) => new Uint8Array(bytes).fill(0xff);
  const f4 = Uint8Array.of(1, 0, 1);
  const ec = (curve: string, point: Uint8Array) =>
    sequence(sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier(curve)), bitString(point));
  const p256 = '1.2.840.10045.3.1.7';
  const ed = (point: Uint8Array) => sequence(sequence(objectIdentifier('1.3.101.112')), bitString(point));
  const good = signers['ecdsa-p256']!.publicKey.spki;
  const ed25519Point = signers.ed25519!.publicKey.spki.subarray(-32);

  test.each([
    ['RSA of 1024 bits', rsaSpki(modulus(128), f4), 'KEY_UNSUPPORTED'],
    ['RSA of 2047 bits', rsaSpki(modulus(256).with(0, 0x7f), f4), 'KEY_UNSUPPORTED'],
    ['RSA of 16384 bits', rsaSpki(modulus(2048), f4), 'KEY_UNSUPPORTED'],
    ['RSA with exponent 3', rsaSpki(modulus(256), Uint8Array.of(3)), 'KEY_UNSUPPORTED'],
    ['RSA with exponent 1', rsaSpki(modulus(256), Uint8Array.of(1)), 'KEY_UNSUPPORTED'],
    ['RSA with an even exponent', rsaSpki(modulus(256), Uint8Array.of(1, 0, 2)), 'KEY_UNSUPPORTED'],
    ['RSA with an even modulus', rsaSpki(modulus(256).with(255, 0xfe), f4), 'KEY_UNSUPPORTED'],
    ['secp256k1', ec('1.3.132.0.10', signers['ecdsa-p256']!.publicKey.spki.subarray(-65)), 'KEY_UNSUPPORTED'],
    ['a point at infinity', ec(p256, Uint8Array.of(0)), 'KEY_UNSUPPORTED'],
    ['a compressed point', ec(p256, Uint8Array.of(2, ...good.subarray(-64, -32))), 'KEY_UNSUPPORTED'],
    [
      'a hybrid point',
      ec(p256, Uint8Array.of(6 + (good.at(-1)! & 1), ...good.subarray(-64))),
      'KEY_UNSUPPORTED',
    ],
    ['a point with a byte behind it', ec(p256, Uint8Array.of(...good.subarray(-65), 0)), 'KEY_INVALID'],
    [
      'something behind the point',
      sequence(sequence(objectIdentifier('1.3.101.112')), bitString(ed25519Point), Uint8Array.of(5, 0)),
      'DER_INVALID',
    ],
    ['a point off the curve', good.with(-1, good.at(-1)! ^ 1), 'KEY_INVALID'],
    ['Ed25519 of small order', ed(Uint8Array.of(1, ...new Uint8Array(31))), 'KEY_UNSUPPORTED'],
    ['Ed25519 of zeros', ed(new Uint8Array(32)), 'KEY_UNSUPPORTED'],
    ['Ed25519 of 31 bytes', ed(new Uint8Array(31).fill(3)), 'KEY_UNSUPPORTED'],
    [
      'Ed448',
      sequence(sequence(objectIdentifier('1.3.101.113')), bitString(new Uint8Array(57).fill(3))),
      'KEY_UNSUPPORTED',
    ],
    ['X25519', spkiOf(generateKeyPairSync('x25519').publicKey), 'KEY_UNSUPPORTED'],
    [
      'RSA that may only be used for PSS',
      sequence(
        sequence(objectIdentifier('1.2.840.113549.1.1.10')),
        bitString(sequence(unsignedInteger(modulus(256)), unsignedInteger(f4))),
      ),
      'KEY_UNSUPPORTED',
    ],
    ['a byte behind the key', Uint8Array.of(...good, 0), 'DER_INVALID'],
    [
      'parameters behind the curve',
      sequence(
        sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier(p256), Uint8Array.of(5, 0)),
        bitString(good.subarray(-65)),
      ),
      'DER_INVALID',
    ],
    ['a BER length', encodeDer(0x30, Uint8Array.of(0x30, 0x80)), 'DER_INVALID'],
  ])('%s', (_name, spki, code) => {
    expect(() => parsePublicKey(spki)).toThrow(expect.objectContaining({ code }));
    expect(() => parsePublicKey(formatPem('PUBLIC KEY', spki))).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['a private key', signers['ecdsa-p256']!.exportPkcs8(), 'PRIVATE KEY'],
    ['a certificate', good, 'CERTIFICATE'],
  ])('%s', (_name, der, label) => {
    expect(() => parsePublicKey(formatPem(label, der))).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    );
  });

  test('two keys in one file, of which one would be ignored', () => {
    const pem = formatPublicKey(signers.rsa!.publicKey);
    expect(() => parsePublicKey(pem + pem)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });

  test('any damage to a good one, or it is another key', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
        try {
          parsePublicKey(good.with(index, good[index]! ^ mask));
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }),
    );
  });
});

test('PKCS #1 RSA public keys are read', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  expect(parsePublicKey(pem).spki).toEqual(spkiOf(publicKey));
});

describe('private keys of other tools', () => {
  const cases = [
    ['PKCS #8 EC', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'pkcs8'],
    ['SEC 1', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sec1'],
    ['PKCS #1', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs1'],
    ['PKCS #8 Ed25519', generateKeyPairSync('ed25519').privateKey, 'pkcs8'],
  ] as const;
  test.each(cases)('%s is read', (_name, key, type) => {
    const pem = key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
    expect(parseSigningKey(pem).publicKey.spki).toEqual(spkiOf(createPublicKey(key)));
    expect(isEncryptedKey(pem)).toBe(false);
  });

  test('the parameters OpenSSL writes before an EC key are passed over', () => {
    const key = cases[1][1].export({ type: 'sec1', format: 'pem' }).toString();
    const file = formatPem('EC PARAMETERS', objectIdentifier('1.2.840.10045.3.1.7')) + key;
    expect(parseSigningKey(file).publicKey.algorithm).toBe('ecdsa-p256');
  });

  test.each([
    [
      'RSA of 1024 bits',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'der' }),
      'KEY_UNSUPPORTED',
    ],
    // Made once with OpenSSL: not every runtime can make one.
    [
      'secp256k1',
      Buffer.from(
        'MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgEyoJndaJBTxgFWU7ein0aYdxdekEfDxR0mF+QzhqLsShRANCAAQKScby7q/h6aRMiePT' +
          'WUz7xjkRNNSWJk8/D0n5BKiFW9K0Csf0l7Epx4AXez+3JbYWrukDN8V8YMH15r7lARpd',
        'base64',
      ),
      'KEY_UNSUPPORTED',
    ],
  ])('%s is refused', (_name, der, code) => {
    expect(() => parseSigningKey(formatPem('PRIVATE KEY', der))).toThrow(expect.objectContaining({ code }));
  });

  test('a public key, two keys, or a key of another encryption are refused', () => {
    const pem = cases[0][1].export({ type: 'pkcs8', format: 'pem' }).toString();
    const encrypted = cases[0][1]
      .export({ type: 'sec1', format: 'pem', cipher: 'des-ede3-cbc', passphrase: 'x' })
      .toString();
    for (const file of [formatPublicKey(signers.rsa!.publicKey), pem + pem, encrypted]) {
      const code = file === encrypted ? 'ENCODING_INVALID' : 'KEY_INVALID';
      expect(() => parseSigningKey(file)).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe('Cosign’s encrypted key file', () => {
  interface File {
    kdf: { name: unknown; params: { N: unknown; r: unknown; p: unknown }; salt: unknown };
    cipher: { name: unknown; nonce: unknown };
    ciphertext: unknown;
  }
  const pkcs8 = signers['ecdsa-p256']!.exportPkcs8();

  const keysByCost = new Map<number, Uint8Array>();
  function derived(cost: number, salt: Uint8Array): Uint8Array {
    const key =
      keysByCost.get(cost) ??
      new Uint8Array(scryptSync('pw', salt, 32, { N: cost, r: 8, p: 1, maxmem: 2 ** 28 }));
    keysByCost.set(cost, key);
    return key;
  }

  function keyFile(
    cost: number,
    change: (file: File) => unknown = () => {},
    label = 'ENCRYPTED SIGSTORE PRIVATE KEY',
  ) {
    const [salt, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2)];
    const key = derived(Math.min(cost, 131_072), salt);
    const file: File = {
      kdf: { name: 'scrypt', params: { N: cost, r: 8, p: 1 }, salt: encodeBase64(salt) },
      cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
      ciphertext: encodeBase64(secretbox(key, nonce).seal(pkcs8)),
    };
    return formatPem(label, new TextEncoder().encode(JSON.stringify(change(file) ?? file)));
  }

  test.each([32_768, 65_536, 131_072])('is read with a cost of %d', (cost) => {
    const expected = signers['ecdsa-p256']!.publicKey.fingerprint;
    expect(parseSigningKey(keyFile(cost), 'pw').publicKey.fingerprint).toBe(expected);
    const old = keyFile(cost, undefined, 'ENCRYPTED COSIGN PRIVATE KEY');
    expect(parseSigningKey(old, 'pw').publicKey.fingerprint).toBe(expected);
  });

  test('is written with the cost, salt and nonce Cosign uses today', () => {
    const [block] = parsePem(formatSigningKey(signers['ecdsa-p256']!, 'pw'), 'x');
    const file = JSON.parse(new TextDecoder().decode(block.bytes)) as File;
    expect(block.label).toBe('ENCRYPTED SIGSTORE PRIVATE KEY');
    expect(file.kdf.params).toEqual({ N: 65_536, r: 8, p: 1 });
    expect(
      [file.kdf.salt, file.cipher.nonce].map((text) => Buffer.from(text as string, 'base64').length),
    ).toEqual([32, 24]);
  });

  test('is never written twice the same way', () => {
    expect(formatSigningKey(signers.ed25519!, 'pw')).not.toBe(formatSigningKey(signers.ed25519!, 'pw'));
  });

  test.each([
    ['a cost that takes minutes', 'KEY_FILE_INVALID', keyFile(2 ** 24)],
    ['a cost that takes nothing', 'KEY_FILE_INVALID', keyFile(2)],
    [
      'r other than 8',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.kdf.params.r = 9;
      }),
    ],
    [
      'p other than 1',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.kdf.params.p = 1_000_000;
      }),
    ],
    [
      'a cost in a string',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.kdf.params.N = '32768';
      }),
    ],
    [
      'another derivation',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.kdf.name = 'md5';
      }),
    ],
    [
      'another cipher',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.cipher.name = 'rot13';
      }),
    ],
    [
      'a short nonce',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.cipher.nonce = 'AAAA';
      }),
    ],
    [
      'no salt',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.kdf.salt = '';
      }),
    ],
    [
      'no ciphertext',
      'KEY_FILE_INVALID',
      keyFile(32_768, (file) => {
        file.ciphertext = undefined;
      }),
    ],
    ['null instead of kdf', 'KEY_FILE_INVALID', keyFile(32_768, (file) => ({ ...file, kdf: null }))],
    ['a list instead of everything', 'KEY_FILE_INVALID', keyFile(32_768, (file) => [file])],
    [
      'ciphertext that was changed',
      'KEY_PASSWORD_WRONG',
      keyFile(32_768, (file) => {
        file.ciphertext = encodeBase64(new Uint8Array(64));
      }),
    ],
  ])('is refused with %s', (_name, code, file) => {
    expect(() => parseSigningKey(file, 'pw')).toThrow(expect.objectContaining({ code }));
  });

  test('answers garbage with an error of ours, before any work is done for it', () => {
    const names = fc.constantFrom(
      'kdf',
      'cipher',
      'ciphertext',
      'name',
      'params',
      'salt',
      'nonce',
      'N',
      'r',
      'p',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('scrypt', 'nacl/secretbox', 'AAAA', 8, 1, 2 ** 40, null),
        fc.dictionary(names, tie('value'), { maxKeys: 3 }),
      ),
    }));
    const labels = fc.constantFrom(
      'ENCRYPTED SIGSTORE PRIVATE KEY',
      'PRIVATE KEY',
      'EC PRIVATE KEY',
      'RSA PRIVATE KEY',
      'X',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      value.map((json) => new TextEncoder().encode(JSON.stringify(json))),
    );
    fc.assert(
      fc.property(labels, bytes, (label, der) => {
        expect(() => parseSigningKey(formatPem(label, der), 'pw')).toThrow(PratiqueError);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseSigningKey(text)).toThrow(PratiqueError);
        expect(() => parsePublicKey(text)).toThrow(PratiqueError);
      }),
    );
  });

  test('says nothing of password or key when it fails', () => {
    try {
      parseSigningKey(keyFile(32_768), 'hunter2');
      expect.unreachable();
    } catch (error) {
      const { message, expected, found, cause, stack } = error as PratiqueError;
      expect([message, expected, found, String(cause), stack].join()).not.toMatch(/hunter2/);
      expect(cause).toBeUndefined();
    }
  });
});
