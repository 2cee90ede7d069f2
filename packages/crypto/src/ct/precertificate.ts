import { contextTag, DerReader, readDer } from '../der/reader.ts';
import { explicit, sequence } from '../der/writer.ts';
import type { Certificate } from '../x509/certificate.ts';
import { oids } from '../x509/oids.ts';

/**
 * The TBSCertificate a log signed before the certificate had its timestamps (RFC 6962 §3.2): the certificate's own,
 * without the extension that holds them. Every other byte stays as it is.
 */
export function precertificateTbs(certificate: Certificate): Uint8Array {
  const body = readDer(certificate.toBeSigned);
  const parts: Uint8Array[] = [];
  while (!body.done) {
    const element = body.element();
    parts.push(element.tag === contextTag(3, true) ? withoutTimestamps(element.content) : element.bytes);
  }
  return sequence(...parts);
}

function withoutTimestamps(extensions: Uint8Array): Uint8Array {
  const list = new DerReader(extensions).nested();
  const kept: Uint8Array[] = [];
  while (!list.done) {
    const { bytes } = list.element();
    if (readDer(bytes).oid() !== oids.sctList) kept.push(bytes);
  }
  return explicit(3, sequence(...kept));
}
