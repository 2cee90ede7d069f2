import { derWriter, oids } from '@pratique/crypto';
import { extension, extensions, names } from '../virtual/certificates.ts';
import { issuer, leafOptions, subject } from '../virtual-sigstore.ts';
import { type KeylessRow, leafWith, without } from './row.ts';

const named = (...list: readonly Uint8Array[]) => ({
  extensions: [...without(oids.subjectAltName), extensions.names(...list)],
});
const issued = (...list: readonly Uint8Array[]) => ({
  extensions: [...leafOptions().extensions.slice(0, 4), ...list],
});
const fulcioBytes = (number: number, value: Uint8Array) => extension(`1.3.6.1.4.1.57264.1.${number}`, value);
const text = (value: string) => new TextEncoder().encode(value);

/** Who the certificate is for. */
export const identityRows: readonly KeylessRow[] = [
  ['another e-mail address', 'IDENTITY_MISMATCH', leafWith(named(names.email('eve@example.test')))],
  ['the address in another case', 'IDENTITY_MISMATCH', leafWith(named(names.email('Dev@example.test')))],
  [
    'the address with something behind',
    'IDENTITY_MISMATCH',
    leafWith(named(names.email(`${subject}.evil.test`))),
  ],
  ['the address with something before', 'IDENTITY_MISMATCH', leafWith(named(names.email(`x${subject}`)))],
  [
    'the address with a NUL and more',
    'IDENTITY_MISMATCH',
    leafWith(named(names.email(`${subject}\u0000.evil`))),
  ],
  ['the address as a DNS name', 'IDENTITY_MISMATCH', leafWith(named(names.dns(subject)))],
  [
    'the address as an OtherName that is no user name',
    'IDENTITY_MISMATCH',
    leafWith(named(names.other('1.3.6.1.4.1.57264.1.8', subject))),
  ],
  ['an address that is not ASCII', 'CERTIFICATE_INVALID', leafWith(named(names.email('dév@example.test')))],
  ['no name', 'IDENTITY_MISMATCH', leafWith({ extensions: without(oids.subjectAltName) })],
  ['an empty list of names', 'IDENTITY_MISMATCH', leafWith(named())],
  ['no issuer', 'IDENTITY_MISMATCH', leafWith(issued())],
  ['another issuer', 'IDENTITY_MISMATCH', leafWith(issued(extensions.fulcio(8, 'https://evil.test')))],
  [
    'an old issuer that contradicts the new one',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(extensions.fulcioRaw(1, issuer), extensions.fulcio(8, 'https://evil.test'))),
  ],
  [
    'a new issuer that contradicts the old one',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(extensions.fulcioRaw(1, 'https://evil.test'), extensions.fulcio(8, issuer))),
  ],
  [
    'the issuer as bare text',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(fulcioBytes(8, text(issuer)))),
  ],
  ['the old issuer as DER', 'IDENTITY_MISMATCH', leafWith(issued(extensions.fulcio(1, issuer)))],
  [
    'an issuer with something behind its DER',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(fulcioBytes(8, Uint8Array.of(...derWriter.utf8String(issuer), 0)))),
  ],
  [
    'an issuer that is not UTF-8',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(fulcioBytes(8, Uint8Array.of(0x0c, 2, 0xc3, 0x28)))),
  ],
  [
    'an issuer as another kind of string',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(fulcioBytes(8, Uint8Array.of(0x13, issuer.length, ...text(issuer))))),
  ],
  [
    'another extension that is malformed',
    'CERTIFICATE_EXTENSION_INVALID',
    leafWith(issued(extensions.fulcio(8, issuer), fulcioBytes(12, text('raw')))),
  ],
];
