import { encodeBase64, formatPublicKey } from '@pratique/crypto';
import { annotationNames } from '../../media-types.ts';
import {
  alice,
  attestationLayer,
  bundle,
  bundleJson,
  bytesOf,
  goodDocument,
  keys,
  layer,
  now,
  signWith,
  stranger,
  trusting,
} from '../forge.ts';

import { changedBundle, type Row } from './mutate.ts';

const by = (key: (typeof keys)[keyof typeof keys], make: (payload: Uint8Array) => Uint8Array) => () => {
  const payload = bytesOf(goodDocument());
  return layer(payload, key, encodeBase64(make(payload)));
};
/** Keys and algorithms. */
export const keyRows: readonly Row[] = [
  ['a key nobody trusts', 'SIGNER_UNTRUSTED', () => layer(undefined, stranger)],
  ['a bundle by a key nobody trusts', 'SIGNER_UNTRUSTED', () => bundle(bundleJson(undefined, stranger))],
  ['no key trusted at all', 'SIGNER_UNTRUSTED', () => bundle(), { keys: [], logs: [] }],
  ['P-384 where P-256 is trusted', 'SIGNER_UNTRUSTED', () => layer(undefined, keys['ecdsa-p384'])],
  ['RSA where P-256 is trusted', 'SIGNER_UNTRUSTED', () => layer(undefined, keys.rsa)],
  ['Ed25519 where P-256 is trusted', 'SIGNER_UNTRUSTED', () => layer(undefined, keys.ed25519)],
  [
    'P-384 with SHA-512',
    'SIGNER_UNTRUSTED',
    by(keys['ecdsa-p384'], (p) => signWith(keys['ecdsa-p384'], 'sha512', p)),
    trusting(keys['ecdsa-p384']),
  ],
  [
    'P-384 with SHA-1',
    'SIGNER_UNTRUSTED',
    by(keys['ecdsa-p384'], (p) => signWith(keys['ecdsa-p384'], 'sha1', p)),
    trusting(keys['ecdsa-p384']),
  ],
  [
    'P-521 with SHA-384',
    'SIGNER_UNTRUSTED',
    by(keys['ecdsa-p521'], (p) => signWith(keys['ecdsa-p521'], 'sha384', p)),
    trusting(keys['ecdsa-p521']),
  ],
  [
    'RSA with SHA-1',
    'SIGNER_UNTRUSTED',
    by(keys.rsa, (p) => signWith(keys.rsa, 'sha1', p)),
    trusting(keys.rsa),
  ],
  [
    'RSA-PSS where PKCS #1 v1.5 is meant',
    'SIGNER_UNTRUSTED',
    by(keys.rsa, (p) => signWith(keys.rsa, 'sha256', p, true)),
    trusting(keys.rsa),
  ],
  [
    'an RSA signature with a zero before it',
    'SIGNER_UNTRUSTED',
    by(keys.rsa, (p) => Uint8Array.of(0, ...keys.rsa.sign(p))),
    trusting(keys.rsa),
  ],
  [
    'an RSA signature of one',
    'SIGNER_UNTRUSTED',
    by(keys.rsa, () => Uint8Array.from(Buffer.alloc(384).fill(1, 383))),
    trusting(keys.rsa),
  ],
  [
    'an Ed25519 signature with s plus the order',
    'SIGNER_UNTRUSTED',
    by(keys.ed25519, (p) => {
      const signature = keys.ed25519.sign(p);
      const l = 2n ** 252n + 27742317777372353535851937790883648493n;
      const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + l;
      const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
      return Uint8Array.of(...signature.subarray(0, 32), ...high);
    }),
    trusting(keys.ed25519),
  ],
  [
    'an Ed25519 signature cut off',
    'SIGNER_UNTRUSTED',
    by(keys.ed25519, (p) => keys.ed25519.sign(p).subarray(0, 63)),
    trusting(keys.ed25519),
  ],
  [
    'an Ed25519 signature of zeros',
    'SIGNER_UNTRUSTED',
    by(keys.ed25519, () => new Uint8Array(64)),
    trusting(keys.ed25519),
  ],
  [
    'a key whose time is over (CVE-2026-54787)',
    'KEY_OUTSIDE_VALIDITY',
    () => layer(),
    trusting(alice, { validUntil: new Date(now.getTime() - 1) }),
  ],
  [
    'a key whose time has not come',
    'KEY_OUTSIDE_VALIDITY',
    () => bundle(),
    trusting(alice, { validFrom: new Date(now.getTime() + 1) }),
  ],
  [
    'a layer with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    () =>
      layer(undefined, alice, undefined, { [annotationNames.certificate]: '-----BEGIN CERTIFICATE-----' }),
  ],
  [
    'a bundle with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    changedBundle((json) => {
      json.verificationMaterial = { certificate: { rawBytes: encodeBase64(alice.publicKey.spki) } };
    }),
  ],
  [
    'an attestation layer with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    () =>
      attestationLayer(bundleJson().dsseEnvelope, {
        [annotationNames.certificate]: '-----BEGIN CERTIFICATE-----',
      }),
  ],
  [
    'a trusted key’s hint on a stranger’s signature',
    'SIGNATURE_INVALID',
    () => {
      const json = bundleJson(undefined, stranger);
      json.verificationMaterial = { publicKey: { hint: alice.publicKey.hint } };
      return bundle(json);
    },
  ],
  [
    'a hint that is a whole public key',
    'SIGNER_UNTRUSTED',
    () => {
      const json = bundleJson(undefined, stranger);
      json.verificationMaterial = { publicKey: { hint: formatPublicKey(stranger.publicKey) } };
      return bundle(json);
    },
  ],
];
