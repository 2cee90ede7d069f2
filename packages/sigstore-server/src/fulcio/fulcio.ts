import {
  type Certificate,
  certificateExtension,
  certificateExtensions,
  certificateToBeSigned,
  derWriter,
  distinguishedName,
  formatPem,
  issueCertificate,
  newSerialNumber,
  oids,
  type PublicKey,
  precertificatePoison,
  type SigningKey,
  timestampListExtension,
} from '@pratique/crypto';
import type { CertificateLog } from '../ct/certificate-log.ts';
import type { Identity } from '../oidc/identity.ts';

export interface FulcioOptions {
  readonly key: SigningKey;
  readonly intermediate: Certificate;
  readonly root: Certificate;
  readonly log: CertificateLog;
}

const validForMs = 600_000;

/** Issues a signing certificate for ten minutes: in the certificate log, on disk, before anybody sees it. */
export class Fulcio {
  /** PEM of the intermediate and the root. */
  readonly chain: readonly string[];
  readonly #options: FulcioOptions;

  constructor(options: FulcioOptions) {
    this.#options = options;
    this.chain = [options.intermediate, options.root].map(({ der }) => formatPem('CERTIFICATE', der));
  }

  /** The certificate in PEM for a key whose possession was proven. */
  async issue(key: PublicKey, identity: Identity): Promise<string> {
    const { log, intermediate, root } = this.#options;
    const issuerKey = this.#options.key;
    const now = new Date();
    const template = {
      issuer: intermediate.subject,
      subject: distinguishedName(),
      publicKey: key,
      validFrom: now,
      validUntil: new Date(now.getTime() + validForMs),
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
      issueCertificate(poisoned, issuerKey),
      [intermediate.der, root.der],
    );
    const extensions = [...template.extensions, timestampListExtension(timestamp)];
    return formatPem('CERTIFICATE', issueCertificate({ ...template, extensions }, issuerKey));
  }
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
