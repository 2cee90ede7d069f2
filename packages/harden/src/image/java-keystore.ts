import { createHash } from 'node:crypto';
import type { FileSystem, LayerEntry } from '@pratique/inspect';
import { bytesEntry, textAt } from './entries.ts';

/** What Debian’s package gives it; it protects nothing, since the certificates are public. */
const password = 'changeit';

/**
 * The certificates of authorities as Java reads them, where the package that makes it of them is installed
 * (ca-certificates-java): a keystore of the form JKS. Null elsewhere.
 */
export function javaKeystore(fileSystem: FileSystem): LayerEntry | null {
  if (fileSystem.get('usr/share/ca-certificates-java/ca-certificates-java.jar') === undefined) return null;
  const found = new Map<string, Uint8Array>();
  const add = (directory: string): void => {
    for (const node of fileSystem.list(directory)) {
      if (node.type === 'directory') add(node.path);
      const [, name] = /([^/]+)\.crt$/.exec(node.path) ?? [];
      const pem = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(
        textAt(fileSystem, node.path),
      );
      if (name !== undefined && pem !== null)
        found.set(`debian:${name.toLowerCase()}.pem`, Buffer.from(pem[1]!, 'base64'));
    }
  };
  add('usr/share/ca-certificates');
  add('usr/local/share/ca-certificates');
  return bytesEntry('etc/ssl/certs/java/cacerts', jks(found));
}

/** A JKS keystore of trusted certificates, DER by alias (`sun.security.provider.JavaKeyStore` of OpenJDK). */
export function jks(certificates: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  const number = (value: number, bytes: number): void => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntBE(value, bytes - Math.min(bytes, 6), Math.min(bytes, 6));
    parts.push(buffer);
  };
  // As DataOutput.writeUTF: its length in bytes before it.
  const text = (value: string): void => {
    const bytes = Buffer.from(value, 'utf8');
    number(bytes.length, 2);
    parts.push(bytes);
  };
  number(0xfeedfeed, 4);
  number(2, 4);
  number(certificates.size, 4);
  for (const [alias, der] of [...certificates].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // A trusted certificate, made at no time: the same certificates are the same bytes.
    number(2, 4);
    text(alias);
    number(0, 8);
    text('X.509');
    number(der.length, 4);
    parts.push(der);
  }
  const body = Buffer.concat(parts);
  const secret = Buffer.from(password, 'utf16le').swap16();
  const digest = createHash('sha1').update(secret).update('Mighty Aphrodite').update(body).digest();
  return new Uint8Array(Buffer.concat([body, digest]));
}
