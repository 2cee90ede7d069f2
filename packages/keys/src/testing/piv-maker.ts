import { createPublicKey } from 'node:crypto';
import {
  certificateExtension,
  certificateExtensions,
  derWriter,
  distinguishedName,
  formatPem,
  generateSigningKey,
  issueCertificate,
  newSerialNumber,
  parsePublicKey,
  type SigningKey,
} from '@pratique/crypto';
import type { CardKey } from './piv-keys.ts';

const yubico = '1.3.6.1.4.1.41482.3';
const makerName = distinguishedName(undefined, 'A maker of tokens');
const deviceName = distinguishedName(undefined, 'Attestation of a token');
const validity = { validFrom: new Date('2020-01-01'), validUntil: new Date('2052-01-01') };

/** Who signs for the tokens of a maker. */
export interface Maker {
  readonly key: SigningKey;
  /** Its root, DER and PEM. */
  readonly certificate: Uint8Array;
  readonly certificatePem: string;
}

/** A maker with a root of its own. */
export function createMaker(key: SigningKey = generateSigningKey()): Maker {
  const { publicKey } = key;
  const certificate = issueCertificate(
    {
      issuer: makerName,
      subject: makerName,
      publicKey,
      ...validity,
      extensions: [certificateExtensions.authority(1), certificateExtensions.signsCertificates()],
      serialNumber: newSerialNumber(),
    },
    key,
  );
  return { key, certificate, certificatePem: formatPem('CERTIFICATE', certificate) };
}

/** What a token has from its maker: a key of its own, and the certificate of it, DER. */
export interface Device {
  readonly certificate: Uint8Array;
  /** Says that a key in a slot was made in it: a certificate, DER. */
  attest(slot: number, key: CardKey, serial: Uint8Array): Uint8Array;
}

/** @param version of its firmware */
export function makeDevice({ key: issuerKey }: Maker, version: readonly number[]): Device {
  const key = generateSigningKey();
  const firmware = certificateExtension(`${yubico}.3`, Uint8Array.from(version));
  const certificate = issueCertificate(
    {
      issuer: makerName,
      subject: deviceName,
      publicKey: key.publicKey,
      ...validity,
      extensions: [certificateExtension('2.5.29.19', Uint8Array.of(0x30, 3, 1, 1, 0xff), true), firmware],
      serialNumber: newSerialNumber(),
    },
    issuerKey,
  );
  return {
    certificate,
    attest(slot, { privateKey, policy }, serial) {
      const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
      return issueCertificate(
        {
          issuer: deviceName,
          subject: distinguishedName(undefined, `YubiKey PIV Attestation ${slot.toString(16)}`),
          publicKey: parsePublicKey(spki),
          ...validity,
          extensions: [
            firmware,
            certificateExtension(`${yubico}.7`, derWriter.unsignedInteger(serial)),
            certificateExtension(`${yubico}.8`, Uint8Array.from(policy)),
            certificateExtension(`${yubico}.9`, Uint8Array.of(3)),
          ],
          serialNumber: newSerialNumber(),
        },
        key,
      );
    },
  };
}
