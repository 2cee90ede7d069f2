import {
  type Certificate,
  DerReader,
  distinguishedName,
  equalBytes,
  type PublicKey,
  parseCertificate,
} from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import { type Exchange, failed, status } from './apdu.ts';
import { type Authorities, isIssuedBy } from './attestation-authorities.ts';
import { readPolicy } from './metadata.ts';
import { attestationCertificate, type KeyPolicy, type Slot } from './slots.ts';
import { findObject, invalid } from './tlv.ts';
import type { Version } from './token.ts';

const attest = 0xf9;

/** Extensions of Yubico's attestations (docs.yubico.com, “PIV attestation”). */
const extensions = {
  version: '1.3.6.1.4.1.41482.3.3',
  serial: '1.3.6.1.4.1.41482.3.7',
  policy: '1.3.6.1.4.1.41482.3.8',
  formFactor: '1.3.6.1.4.1.41482.3.9',
} as const;

/** What a YubiKey says of a key that was made in it, signed with a key that its maker put there. */
export interface Attestation {
  readonly deviceCertificate: Certificate;
  readonly keyCertificate: Certificate;
  readonly version: Version | null;
  readonly serial: number | null;
  readonly formFactor: number | null;
  readonly policy: KeyPolicy | null;
}

/** Statuses of a token that attests nothing, of a slot without a key, and of a key that was not made in the token. */
const nothing: ReadonlySet<number> = new Set([
  status.instructionNotSupported,
  status.notSupported,
  status.wrongData,
  status.wrongParameters,
  status.notFound,
  status.referenceNotFound,
  status.conditionsNotSatisfied,
]);

/**
 * The certificate that a YubiKey (from 4.3 on) makes for a key that was made in it; undefined where it makes none.
 *
 * @throws PIV_FAILED, PIV_ANSWER_INVALID, and what is wrong with the certificate
 */
export async function attestKey(exchange: Exchange, slot: Slot): Promise<Certificate | undefined> {
  const answer = await exchange({ instruction: attest, p1: slot.key });
  if (nothing.has(answer.status)) return undefined;
  if (answer.status !== status.ok) throw failed(`attest the key in the slot ${slot.name}`, answer);
  // Some wrap it, as if it were in the slot.
  return parseCertificate(
    answer.data[0] === 0x70 ? (findObject(answer.data, 0x70) ?? answer.data) : answer.data,
  );
}

/** The policies of the key that a certificate attests, as bytes. */
export function policyExtension(certificate: Certificate): Uint8Array | undefined {
  return certificate.extensions.get(extensions.policy)?.value;
}

/**
 * Has a token attest the key in a slot, and verifies that it was made in a token of a maker who is believed.
 *
 * @param certificateOf reads the certificate in a data object of the token
 * @param made the key that it must be
 * @throws KEY_NOT_FOUND, PIV_ATTESTATION_INVALID, PIV_FAILED, PIV_ANSWER_INVALID
 */
export async function verifiedAttestation(
  exchange: Exchange,
  slot: Slot,
  certificateOf: (object: number) => Promise<Certificate | null>,
  authorities: Authorities,
  now: Date,
  made?: PublicKey,
): Promise<Attestation> {
  const keyCertificate = await attestKey(exchange, slot);
  if (keyCertificate === undefined) {
    throw keysErrors.error('KEY_NOT_FOUND', {
      message: `the token attests no key in the slot ${slot.name}`,
      expected: 'a key that was made in a YubiKey, from firmware 4.3 on',
      remedy: `Make a key in it: pratique piv-tool generate-key --slot ${slot.name}. A key that was brought in is not attested.`,
    });
  }
  const deviceCertificate = await certificateOf(attestationCertificate);
  if (deviceCertificate === null) throw unproven('the token has no certificate to attest with');
  if (made !== undefined && !equalBytes(keyCertificate.publicKey.spki, made.spki))
    throw unproven('the attestation is of another key than the token said that it made');
  return verifyAttestation(deviceCertificate, keyCertificate, slot, authorities, now);
}

/**
 * Verifies that a YubiKey's own certificate comes from an authority, that it signed the attestation, and for which slot.
 * Pure.
 *
 * @throws PIV_ATTESTATION_INVALID, PIV_ANSWER_INVALID
 */
export function verifyAttestation(
  deviceCertificate: Certificate,
  keyCertificate: Certificate,
  slot: Slot,
  authorities: Authorities,
  now: Date,
): Attestation {
  if (!isIssuedBy(deviceCertificate, authorities, now))
    throw unproven('the certificate of the token is not from a maker who is believed');
  if (!isIssuedBy(keyCertificate, { roots: [deviceCertificate], intermediates: [] }, now))
    throw unproven('the attestation is not by the certificate of the token');
  if (!equalBytes(keyCertificate.subject, subjectFor(slot)))
    throw unproven(`the attestation is of another slot than ${slot.name}`);
  const value = (oid: string) => keyCertificate.extensions.get(oid)?.value;
  const [version, serial, formFactor] = [
    value(extensions.version),
    value(extensions.serial),
    value(extensions.formFactor),
  ];
  if (version !== undefined && version.byteLength !== 3) throw invalid('an attestation with an odd version');
  if (formFactor !== undefined && formFactor.byteLength !== 1)
    throw invalid('an attestation with an odd form factor');
  const policy = policyExtension(keyCertificate);
  if (policy !== undefined && !isPolicy(policy)) throw invalid('an attestation with an odd policy');
  return {
    deviceCertificate,
    keyCertificate,
    version: version === undefined ? null : [version[0]!, version[1]!, version[2]!],
    serial: serial === undefined ? null : readSerial(serial),
    formFactor: formFactor?.[0] ?? null,
    policy: policy === undefined ? null : readPolicy(policy, slot.policy),
  };
}

/** As far as policies are known: what is not must not pass for the one that is usual. */
function isPolicy(bytes: Uint8Array): boolean {
  const [pin = 0, touch = 0] = bytes;
  return bytes.byteLength === 2 && pin >= 1 && pin <= 5 && touch >= 1 && touch <= 3;
}

function subjectFor({ key }: Slot): Uint8Array {
  return distinguishedName(undefined, `YubiKey PIV Attestation ${key.toString(16)}`);
}

/** An INTEGER of at most 32 bits. */
function readSerial(der: Uint8Array): number {
  const reader = new DerReader(der);
  const bytes = reader.positiveInteger();
  reader.end();
  if (bytes.byteLength > 4) throw invalid('an attestation with an odd serial number');
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function unproven(found: string) {
  return keysErrors.error('PIV_ATTESTATION_INVALID', {
    message: 'it is not proven that the key was made in a token of a known maker',
    found,
  });
}
