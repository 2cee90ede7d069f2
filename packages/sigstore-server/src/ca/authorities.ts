import { join } from 'node:path';
import {
  type Certificate,
  certificateExtensions,
  distinguishedName,
  formatPem,
  issueCertificate,
  newSerialNumber,
  oids,
  parseCertificate,
  parsePem,
  type SigningKey,
} from '@pratique/crypto';
import { readOrCreate } from '@pratique/storage';

const organization = 'pratique';
const tenYears = 3650 * 86_400_000;

interface AuthorityCertificate {
  readonly path: string;
  readonly name: string;
  readonly key: SigningKey;
  /** Null: signs itself. */
  readonly issuer: { readonly certificate: Certificate; readonly key: SigningKey } | null;
  readonly extensions: readonly Uint8Array[];
  readonly now: Date;
}

/** The certificate at `path`, which is made the first time and good for ten years. */
function loadCertificate({ path, name, key, issuer, extensions, now }: AuthorityCertificate): Certificate {
  const subject = distinguishedName(organization, name);
  const pem = readOrCreate(path, () => {
    const template = {
      issuer: issuer?.certificate.subject ?? subject,
      subject,
      publicKey: key.publicKey,
      validFrom: now,
      validUntil: new Date(now.getTime() + tenYears),
      extensions: [
        ...extensions,
        certificateExtensions.subjectKeyIdentifier(key.publicKey),
        ...(issuer === null ? [] : [certificateExtensions.authorityKeyIdentifier(issuer.key.publicKey)]),
      ],
      serialNumber: newSerialNumber(),
    };
    return formatPem('CERTIFICATE', issueCertificate(template, issuer?.key ?? key));
  });
  return parseCertificate(parsePem(pem, path)[0].bytes);
}

export interface Authorities {
  readonly fulcio: { readonly root: Certificate; readonly intermediate: Certificate };
  readonly timestamps: { readonly root: Certificate; readonly leaf: Certificate };
}

/** The certificates of Fulcio (root and intermediate, P-384) and of the timestamp authority (root and its own). */
export function loadAuthorities(
  directory: string,
  keys: Readonly<Record<'fulcio-root' | 'fulcio' | 'tsa-root' | 'tsa', SigningKey>>,
  now: Date,
): Authorities {
  const { authority, signsCertificates, signsData, extendedKeyUsage } = certificateExtensions;
  const load = (
    file: string,
    name: string,
    key: SigningKey,
    issuer: AuthorityCertificate['issuer'],
    ...extensions: Uint8Array[]
  ) => loadCertificate({ path: join(directory, `${file}.crt.pem`), name, key, issuer, extensions, now });

  const root = load(
    'fulcio-root',
    'pratique fulcio root',
    keys['fulcio-root'],
    null,
    signsCertificates(),
    authority(1),
  );
  const intermediate = load(
    'fulcio',
    'pratique fulcio intermediate',
    keys.fulcio,
    { certificate: root, key: keys['fulcio-root'] },
    signsCertificates(),
    extendedKeyUsage(oids.codeSigning),
    authority(0),
  );
  const timestampRoot = load(
    'tsa-root',
    'pratique timestamp root',
    keys['tsa-root'],
    null,
    signsCertificates(),
    authority(0),
  );
  const leaf = load(
    'tsa',
    'pratique timestamp authority',
    keys.tsa,
    { certificate: timestampRoot, key: keys['tsa-root'] },
    signsData(),
    extendedKeyUsage(oids.timeStamping, true),
  );
  return { fulcio: { root, intermediate }, timestamps: { root: timestampRoot, leaf } };
}
