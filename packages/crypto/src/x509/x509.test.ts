import { X509Certificate } from 'node:crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDer, tags } from '../der/reader.ts';
import {
  bitString,
  explicit,
  objectIdentifier,
  octetString,
  sequence,
  unsignedInteger,
} from '../der/writer.ts';
import { equalBytes } from '../encoding/bytes.ts';
import { parsePem } from '../encoding/pem.ts';
import { verifySignature } from '../keys/verify.ts';
import { parseCertificate } from './certificate.ts';
import { createSelfSigned } from './create.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltNames } from './extensions.ts';

const names = ['localhost', '127.0.0.1', '::1', '2001:db8::5:6', '*.pratique.svc'];
const made = createSelfSigned({ names, days: 30, now: new Date('2026-06-01T12:00:00Z') });
const der = parsePem(made.certificatePem, 'certificate')[0].bytes;

describe('the certificate a webhook serves', () => {
  test('is accepted by Node, for every name it was made for, and leads to its authority', () => {
    const certificate = new X509Certificate(made.certificatePem);
    const authority = new X509Certificate(made.caPem);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkHost('a.pratique.svc')).toBe('*.pratique.svc');
    expect(certificate.checkIP('2001:db8::5:6')).toBe('2001:db8::5:6');
    expect(certificate.ca).toBe(false);
    expect(authority.ca).toBe(true);
    expect(certificate.validTo).toBe('Jul  1 12:00:00 2026 GMT');
  });

  test('may serve TLS and nothing else; its authority may sign certificates and nothing else', () => {
    const server = parseCertificate(der);
    const authority = parseCertificate(parsePem(made.caPem, 'ca')[0].bytes);
    expect([keyUsage(server), extendedKeyUsage(server), basicConstraints(server)]).toEqual([
      ['digitalSignature'],
      ['1.3.6.1.5.5.7.3.1'],
      { ca: false, pathLength: null },
    ]);
    expect([keyUsage(authority), extendedKeyUsage(authority), basicConstraints(authority)]).toEqual([
      ['keyCertSign', 'cRLSign'],
      null,
      { ca: true, pathLength: 0 },
    ]);
    expect(verifySignature(authority.publicKey, server.toBeSigned, server.signature)).toBe('ecdsa-sha256');
    expect(equalBytes(server.issuer, authority.subject)).toBe(true);
  });

  test('still works when it expires after 2049', () => {
    const { certificatePem } = createSelfSigned({
      names: ['a'],
      days: 20_000,
      now: new Date('2026-06-01T12:00:00Z'),
    });
    expect(
      parseCertificate(parsePem(certificatePem, 'certificate')[0].bytes).validUntil.getUTCFullYear(),
    ).toBe(2081);
  });

  test.each(['', 'a b', 'http://a', '-a', 'a..b', `${'a'.repeat(64)}.test`, '\u001b[2J'])(
    'is not made for the name %j',
    (name) => {
      expect(() => createSelfSigned({ names: [name] })).toThrow(
        expect.objectContaining({ code: 'CERTIFICATE_INVALID' }),
      );
    },
  );
});

describe('a certificate that is read', () => {
  test('says what Node says', () => {
    const ours = parseCertificate(der);
    const theirs = new X509Certificate(der);
    expect(ours.serialNumber.toUpperCase()).toBe(theirs.serialNumber);
    expect(ours.validFrom.getTime()).toBe(Date.parse(theirs.validFrom));
    expect(ours.validUntil.getTime()).toBe(Date.parse(theirs.validTo));
    expect(subjectAltNames(ours)).toEqual([
      { kind: 'dns', value: 'localhost' },
      { kind: 'ip', value: '127.0.0.1' },
      { kind: 'ip', value: '0:0:0:0:0:0:0:1' },
      { kind: 'ip', value: '2001:db8:0:0:0:0:5:6' },
      { kind: 'dns', value: '*.pratique.svc' },
    ]);
  });

  /** The certificate put together again from its parts, with the body's elements after `change`. */
  function rebuilt(change: (elements: Uint8Array[]) => Uint8Array[]): Uint8Array {
    const outer = readDer(der);
    const body = outer.nested();
    const elements: Uint8Array[] = [];
    while (!body.done) elements.push(body.element().bytes);
    return sequence(sequence(...change(elements)), outer.element().bytes, outer.element().bytes);
  }
  function partsOf(bytes: Uint8Array): Uint8Array[] {
    const outer = readDer(bytes);
    const parts: Uint8Array[] = [];
    while (!outer.done) parts.push(outer.element().bytes);
    return parts;
  }
  const replace = (index: number, value: Uint8Array) => (elements: Uint8Array[]) =>
    elements.with(index, value);
  const utc = (text: string) => Uint8Array.of(tags.utcTime, text.length, ...new TextEncoder().encode(text));
  const extension = (oid: string) => sequence(objectIdentifier(oid), octetString(sequence()));

  test.each([
    ['version 1', rebuilt((elements) => elements.slice(1))],
    ['version 2', rebuilt(replace(0, explicit(0, unsignedInteger(Uint8Array.of(1)))))],
    ['a serial number of zero', rebuilt(replace(1, unsignedInteger(Uint8Array.of(0))))],
    ['a serial number of 21 bytes', rebuilt(replace(1, unsignedInteger(new Uint8Array(21).fill(1))))],
    [
      'another algorithm inside than outside',
      rebuilt(replace(2, sequence(objectIdentifier('1.2.840.10045.4.3.3')))),
    ],
    ['a time without seconds', rebuilt(replace(4, sequence(utc('2606011200Z'), utc('260701120000Z'))))],
    ['a time with an offset', rebuilt(replace(4, sequence(utc('260601120000+0000'), utc('260701120000Z'))))],
    ['the 30th of February', rebuilt(replace(4, sequence(utc('260230120000Z'), utc('260701120000Z'))))],
    [
      'an extension twice',
      rebuilt(replace(7, explicit(3, sequence(extension('1.2.3'), extension('1.2.3'))))),
    ],
    ['something behind the extensions', rebuilt((elements) => [...elements, sequence()])],
    ['something behind its signature', sequence(...partsOf(der), sequence())],
    ['a byte behind it', Uint8Array.of(...der, 0)],
    [
      'an unknown key',
      rebuilt(replace(6, sequence(sequence(objectIdentifier('1.2.3')), bitString(new Uint8Array(32))))),
    ],
    ['its end missing', der.subarray(0, -1)],
  ])('is refused with %s', (_name, forged) => {
    expect(
      equalBytes(
        rebuilt((elements) => elements),
        der,
      ),
    ).toBe(true);
    expect(() => parseCertificate(forged)).toThrow(PratiqueError);
  });

  test('answers any damage with an error of ours', () => {
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (index, byte) => {
        try {
          const certificate = parseCertificate(der.with(index, byte));
          for (const read of [subjectAltNames, keyUsage, extendedKeyUsage, basicConstraints])
            read(certificate);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
