import { X509Certificate } from 'node:crypto';
import { type Certificate, formatPem } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type Attestation, pinPolicies, type Slot, touchPolicies } from '@pratique/keys';
import type { Terminal } from '../program/terminal.ts';

/** Kinds of YubiKeys, in cosign's words. */
const formFactors: Readonly<Record<number, string>> = {
  1: 'USB A Keychain',
  2: 'USB A Nano',
  3: 'USB C Keychain',
  4: 'USB C Nano',
  5: 'USB C Lighting Keychain',
};
const pem = ({ der }: Certificate) => formatPem('CERTIFICATE', der);

/** Prints an attestation as `cosign piv-tool attestation` does. */
export function showAttestation(attestation: Attestation, terminal: Terminal): void {
  const { deviceCertificate, keyCertificate, version, serial, formFactor, policy } = attestation;
  terminal.err('Printing device attestation certificate\n');
  terminal.out(`${pem(deviceCertificate)}\n`);
  terminal.err('Printing key attestation certificate\n');
  terminal.out(`${pem(keyCertificate)}\n`);
  terminal.err('Verifying certificates...\nVerified ok\n');
  const pin = policy?.pin ?? 'unknown';
  terminal.err('Device info:\n');
  terminal.out(
    [
      '',
      `  Issuer: ${issuerOf(deviceCertificate)}`,
      `  Form factor: ${formFactors[formFactor ?? 0] ?? `unknown: ${formFactor ?? 0}`}`,
      `  PIN Policy: ${pin[0]!.toUpperCase()}${pin.slice(1)}`,
      `  Serial number: ${serial ?? 0}`,
      `  Version: ${(version ?? [0, 0, 0]).join('.')}`,
      '',
    ].join('\n'),
  );
}

/** The same as data, as cosign has it: what is not said is 0, policies are numbers from 1 on. */
export function attestationJson(attestation: Attestation, slot: Slot): object {
  const { deviceCertificate, keyCertificate, version, serial, formFactor, policy } = attestation;
  const [major, minor, patch] = version ?? [0, 0, 0];
  return {
    DeviceCertPem: pem(deviceCertificate),
    KeyCertPem: pem(keyCertificate),
    KeyAttestation: {
      Version: { Major: major, Minor: minor, Patch: patch },
      Serial: serial ?? 0,
      Formfactor: formFactor ?? 0,
      PINPolicy: policy === null ? 0 : pinPolicies.indexOf(policy.pin) + 1,
      TouchPolicy: policy === null ? 0 : touchPolicies.indexOf(policy.touch) + 1,
      Slot: { Key: slot.key, Object: slot.certificate },
    },
  };
}

/** As RFC 2253 writes names: the last part first. */
function issuerOf({ der }: Certificate): string {
  return printable(new X509Certificate(der).issuer.split('\n').reverse().join(','), 200);
}
