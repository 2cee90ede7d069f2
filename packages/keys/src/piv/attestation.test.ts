import {
  type Certificate,
  certificateExtension,
  certificateExtensions,
  distinguishedName,
  generateSigningKey,
  issueCertificate,
  newSerialNumber,
  parseCertificate,
  type SigningKey,
} from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeDaemon } from '../testing/pcscd.ts';
import { PivCard } from '../testing/piv-card.ts';
import { createMaker } from '../testing/piv-maker.ts';
import { verifyAttestation } from './attestation.ts';
import { type Authorities, isIssuedBy } from './attestation-authorities.ts';
import { openPivToken } from './manage.ts';
import { defaultManagementKey } from './management-key.ts';
import { slotNamed } from './slots.ts';
import { yubicoAuthorities } from './yubico.ts';

const now = new Date('2026-01-01');
const signatureSlot = slotNamed('signature');

/** What a token of a maker attests of a key that was made in it. */
async function attested(card: PivCard, authorities: Authorities) {
  const daemon = await startFakeDaemon([{ name: 'A reader', card }]);
  onTestFinished(daemon.close);
  const token = await openPivToken(undefined, daemon);
  try {
    const publicKey = await token.generateKey(defaultManagementKey, signatureSlot, {
      pin: 'once',
      touch: 'cached',
    });
    return { publicKey, attestation: await token.attestation(signatureSlot, authorities) };
  } finally {
    await token.close();
  }
}

const believed = (certificate: Uint8Array): Authorities => ({
  roots: [parseCertificate(certificate)],
  intermediates: [],
});

test('what a token of a known maker attests is told: its key, version, serial number, policies', async () => {
  const maker = createMaker();
  const { publicKey, attestation } = await attested(new PivCard({ maker }), believed(maker.certificate));
  const { keyCertificate, deviceCertificate, ...told } = attestation;
  expect(keyCertificate.publicKey.fingerprint).toBe(publicKey.fingerprint);
  expect(deviceCertificate.publicKey.fingerprint).not.toBe(publicKey.fingerprint);
  expect(told).toEqual({
    version: [5, 4, 3],
    serial: 12345678,
    formFactor: 3,
    policy: { pin: 'once', touch: 'cached' },
  });
});

test('a token of a maker who is not believed proves nothing', async () => {
  for (const authorities of [believed(createMaker().certificate), yubicoAuthorities()]) {
    await expect(attested(new PivCard(), authorities)).rejects.toThrow(
      expect.objectContaining({ code: 'PIV_ATTESTATION_INVALID' }),
    );
  }
});

test('an attestation of another token, or of another slot, proves nothing', async () => {
  const maker = createMaker();
  const authorities = believed(maker.certificate);
  const { attestation: mine } = await attested(new PivCard({ maker }), authorities);
  const { attestation: other } = await attested(new PivCard({ maker }), authorities);
  const verify =
    (device: Certificate, slot = signatureSlot) =>
    () =>
      verifyAttestation(device, mine.keyCertificate, slot, authorities, now);
  expect(verify(mine.deviceCertificate)()).toEqual(mine);
  const refused = expect.objectContaining({ code: 'PIV_ATTESTATION_INVALID' });
  expect(verify(other.deviceCertificate)).toThrow(refused);
  expect(verify(mine.deviceCertificate, slotNamed('authentication'))).toThrow(refused);
  // The authority’s own certificate is no token’s.
  expect(verify(authorities.roots[0]!)).toThrow(refused);
});

interface Issued {
  readonly certificate: Certificate;
  readonly key: SigningKey;
  readonly name: Uint8Array;
}

/** A certificate by an issuer, or by itself. */
function issue(
  common: string,
  issuer: Issued | undefined,
  extensions: readonly Uint8Array[],
  validUntil = new Date('2052-01-01'),
): Issued {
  const key = generateSigningKey();
  const name = distinguishedName(undefined, common);
  const der = issueCertificate(
    {
      issuer: issuer?.name ?? name,
      subject: name,
      publicKey: key.publicKey,
      validFrom: new Date('2020-01-01'),
      validUntil,
      extensions: [certificateExtensions.subjectKeyIdentifier(key.publicKey), ...extensions],
      serialNumber: newSerialNumber(),
    },
    issuer?.key ?? key,
  );
  return { certificate: parseCertificate(der), key, name };
}

const authority = (pathLength: number) => [
  certificateExtensions.authority(pathLength),
  certificateExtensions.signsCertificates(),
];

test('a token’s certificate chains over intermediates that may issue it, and over no others', () => {
  const root = issue('root', undefined, authority(1));
  const middle = issue('middle', root, authority(0));
  const second = issue('second', middle, authority(0));
  const noAuthority = issue('none', root, []);
  const expired = issue('expired', root, authority(0), new Date('2021-01-01'));
  const namesake = issue('root', undefined, authority(1));
  const check = (issuer: Issued, ...intermediates: readonly Issued[]) =>
    isIssuedBy(
      issue('token', issuer, []).certificate,
      { roots: [root.certificate], intermediates: intermediates.map(({ certificate }) => certificate) },
      now,
    );
  expect(check(root)).toBe(true);
  expect(check(middle, middle)).toBe(true);
  expect(check(middle)).toBe(false);
  // Deeper than the one in the middle may have authorities below it.
  expect(check(second, middle, second)).toBe(false);
  expect(check(noAuthority, noAuthority)).toBe(false);
  expect(check(expired, expired)).toBe(false);
  expect(check(namesake)).toBe(false);
  expect(check(namesake, namesake)).toBe(false);
});

test('intermediates that certify each other are not followed in circles', () => {
  const one = issue('one', undefined, authority(8));
  const name = { ...one };
  const loop = issue('one', name, authority(8));
  const token = issue('token', loop, []).certificate;
  const root = issue('root', undefined, authority(8)).certificate;
  expect(isIssuedBy(token, { roots: [root], intermediates: [one.certificate, loop.certificate] }, now)).toBe(
    false,
  );
});

test('Yubico’s certificates are three roots, and authorities that the newest of them certified', () => {
  const { roots, intermediates } = yubicoAuthorities();
  expect(roots).toHaveLength(3);
  expect(intermediates).toHaveLength(4);
  for (const one of intermediates) expect(isIssuedBy(one, { roots, intermediates }, now)).toBe(true);
});

test('a policy that is not known is not taken for the one that is usual for the slot', () => {
  const root = issue('root', undefined, authority(1));
  const device = issue('device', root, []);
  const verify = (...policy: number[]) => {
    const extension = certificateExtension('1.3.6.1.4.1.41482.3.8', Uint8Array.from(policy));
    const { certificate } = issue('YubiKey PIV Attestation 9c', device, [extension]);
    const authorities = { roots: [root.certificate], intermediates: [] };
    return verifyAttestation(device.certificate, certificate, slotNamed('signature'), authorities, now)
      .policy;
  };
  expect(verify(1, 3)).toEqual({ pin: 'never', touch: 'cached' });
  // Of a fingerprint nothing is said.
  expect(verify(4, 1)).toBeNull();
  for (const odd of [[0, 1], [6, 1], [1, 0], [1, 4], [1], [1, 1, 1]])
    expect(() => verify(...odd)).toThrow(expect.objectContaining({ code: 'PIV_ANSWER_INVALID' }));
});
