import {
  certificateExtension,
  certificateExtensions,
  certificateToBeSigned,
  derWriter,
  distinguishedName,
  formatPem,
  issueCertificateWith,
  newSerialNumber,
  oids,
  type PublicKey,
  precertificatePoison,
  timestampListExtension,
} from '@pratique/crypto';
import type { FulcioAuthority } from '../ca/authorities.ts';
import type { CertificateLog } from '../ct/certificate-log.ts';
import type { Identity } from '../oidc/identity.ts';
import type { Generation, Succession } from '../store/generations.ts';

export interface FulcioOptions {
  readonly authorities: Succession<Generation & FulcioAuthority>;
  readonly log: CertificateLog;
}

/** How long a certificate is good, in milliseconds. */
export const certificateLifetimeMs = 600_000;

/** Issues a signing certificate for ten minutes: in the certificate log, on disk, before anybody sees it. */
export class Fulcio {
  readonly #options: FulcioOptions;

  constructor(options: FulcioOptions) {
    this.#options = options;
  }

  /** PEM of the intermediate and the root that are in use. */
  get chain(): readonly string[] {
    return chainOf(this.#options.authorities.at(new Date()));
  }

  /** The chains, in PEM, of every authority whose certificates count now or will. */
  get trustBundle(): readonly (readonly string[])[] {
    const now = new Date();
    return this.#options.authorities.all
      .filter(({ until }) => until === undefined || until > now)
      .map(chainOf);
  }

  /** The certificate, in PEM, for a key whose possession was proven, followed by its chain. */
  async issue(key: PublicKey, identity: Identity): Promise<readonly string[]> {
    const { log, authorities } = this.#options;
    const now = new Date();
    const authority = authorities.at(now);
    const { key: issuerKey, intermediate, root } = authority;
    const template = {
      issuer: intermediate.subject,
      subject: distinguishedName(),
      publicKey: key,
      validFrom: now,
      validUntil: new Date(now.getTime() + certificateLifetimeMs),
      extensions: extensionsOf(key, issuerKey.publicKey, identity),
      serialNumber: newSerialNumber(),
    };
    const poisoned = { ...template, extensions: [...template.extensions, precertificatePoison()] };
    const timestamp = await log.addPrecertificate(
      {
        issuerKey: issuerKey.publicKey,
        toBeSigned: certificateToBeSigned(template, issuerKey),
        time: now,
      },
      await issueCertificateWith(poisoned, issuerKey),
      [intermediate.der, root.der],
    );
    const extensions = [...template.extensions, timestampListExtension(timestamp)];
    const issued = formatPem(
      'CERTIFICATE',
      await issueCertificateWith({ ...template, extensions }, issuerKey),
    );
    return [issued, ...chainOf(authority)];
  }
}

function chainOf({ intermediate, root }: FulcioAuthority): readonly string[] {
  return [intermediate, root].map(({ der }) => formatPem('CERTIFICATE', der));
}

/** Fulcio's certificate profile (`docs/certificate-specification.md`). */
function extensionsOf(key: PublicKey, issuerKey: PublicKey, identity: Identity): Uint8Array[] {
  const x = certificateExtensions;
  return [
    x.signsData(),
    x.extendedKeyUsage(oids.codeSigning),
    x.subjectKeyIdentifier(key),
    x.authorityKeyIdentifier(issuerKey),
    x.subjectAltName(identity.name),
    fulcioExtension(1, identity.issuer),
    fulcioExtension(8, identity.issuer),
    ...identity.extensions.map(([number, value]) => fulcioExtension(number, value)),
  ];
}

/** Up to number 6 the value is bare text, after it a DER UTF8String. */
function fulcioExtension(number: number, value: string): Uint8Array {
  const encoded = number <= 6 ? new TextEncoder().encode(value) : derWriter.utf8String(value);
  return certificateExtension(`1.3.6.1.4.1.57264.1.${number}`, encoded);
}
