import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  basicConstraints,
  type Certificate,
  equalBytes,
  isSignedBy,
  parseCertificate,
  parsePem,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { notationErrors } from '../errors.ts';
import type { PolicyStatement, StoreType } from './policy.ts';
import type { TrustStatement, TrustStores } from './statement.ts';

const maxCertificates = 1000;
const maxFileBytes = 1024 * 1024;

/** A statement with the certificates that its trust stores have, in `directory`/x509/TYPE/NAME. @throws NOTATION_TRUST_STORE */
export function loadStatement(statement: PolicyStatement, directory: string): TrustStatement {
  const stores: Record<StoreType, readonly Certificate[]> = { ca: [], signingAuthority: [], tsa: [] };
  for (const { type, name } of statement.trustStores)
    stores[type] = [...stores[type], ...readTrustStore(directory, type, name)];
  const { name, level, verifyTimestamp, identities } = statement;
  return { name, level, verifyTimestamp, identities, stores: stores satisfies TrustStores };
}

/**
 * The certificates of one named trust store (trust-store-trust-policy.md, "Trust Store"): all files of its folder, PEM or DER.
 * Anything else in it is refused, links included: what is trusted must not depend on where they lead.
 *
 * @throws NOTATION_TRUST_STORE
 */
export function readTrustStore(directory: string, type: StoreType, name: string): readonly Certificate[] {
  const folder = join(directory, 'x509', type, name);
  let entries: Dirent[];
  try {
    if (!lstatSync(folder).isDirectory()) throw invalid(`${type}:${name} is no folder`, folder);
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    if (cause instanceof PratiqueError) throw cause;
    throw invalid(
      `${type}:${name} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      folder,
    );
  }
  const files = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const certificates = files.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isFile()) throw invalid(`in ${type}:${name} is something that is no file`, path);
    return readTrustedCertificates(readNamedFile(path, maxFileBytes), type, path);
  });
  if (certificates.length === 0) throw invalid(`${type}:${name} has no certificates`, folder);
  if (certificates.length > maxCertificates)
    throw invalid(`${type}:${name} has too many certificates`, folder);
  return certificates;
}

/**
 * The certificates in one file of a trust store. Each is of an authority or is self-signed, those of timestamp authorities are
 * roots: another one would trust a single signer that nobody looks after.
 *
 * @throws NOTATION_TRUST_STORE
 */
export function readTrustedCertificates(
  bytes: Uint8Array,
  type: StoreType,
  path: string,
): readonly Certificate[] {
  let certificates: readonly Certificate[];
  try {
    certificates = readCertificates(bytes);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message, path);
  }
  for (const certificate of certificates) {
    const selfSigned =
      equalBytes(certificate.subject, certificate.issuer) && isSignedBy(certificate, certificate);
    if (!selfSigned && (type === 'tsa' || !basicConstraints(certificate).ca))
      throw invalid(
        type === 'tsa'
          ? 'a certificate is not a root'
          : 'a certificate is neither an authority nor self-signed',
        path,
      );
  }
  return certificates;
}

/** PEM, or one certificate in DER. @throws ENCODING_INVALID, CERTIFICATE_INVALID, DER_INVALID, KEY_UNSUPPORTED */
export function readCertificates(bytes: Uint8Array): readonly Certificate[] {
  if (bytes[0] === 0x30) return [parseCertificate(bytes)];
  return parsePem(new TextDecoder().decode(bytes), 'the certificate').map(({ label, bytes: der }) => {
    if (label === 'CERTIFICATE') return parseCertificate(der);
    throw notationErrors.error('NOTATION_TRUST_STORE', {
      message: `a file has ${label} where a certificate should be`,
    });
  });
}

function invalid(message: string, found: string) {
  return notationErrors.error('NOTATION_TRUST_STORE', {
    message: `the trust store cannot be used: ${message}`,
    found,
  });
}
