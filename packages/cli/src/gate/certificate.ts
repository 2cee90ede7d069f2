import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from '@pratique/admission';
import { createSelfSigned } from '@pratique/crypto';
import { makeDirectories } from '@pratique/storage';

const renewBeforeMs = 30 * 24 * 3600 * 1000;

/**
 * The webhook's own certificate, kept in `directory` so that the `caBundle` of a webhook configuration stays right over
 * restarts. A new one, with a new authority, is made when there is none, when it has less than 30 days left, or when
 * it lacks one of the names.
 */
export function keptCertificate(directory: string, names: readonly string[]): TlsOptions {
  makeDirectories(directory);
  const file = (name: string): string => join(directory, name);
  if (!isGood(file('tls.crt'), file('tls.key'), file('ca.crt'), names)) {
    const made = createSelfSigned({ names });
    const write = (name: string, text: string, mode: number): void => {
      writeFileSync(file(`${name}.new`), text, { mode });
      renameSync(file(`${name}.new`), file(name));
    };
    write('tls.key', made.privateKeyPem, 0o600);
    write('tls.crt', made.certificatePem, 0o644);
    write('ca.crt', made.caPem, 0o644);
  }
  return { certFile: file('tls.crt'), keyFile: file('tls.key'), caFile: file('ca.crt') };
}

function isGood(certificate: string, key: string, ca: string, names: readonly string[]): boolean {
  if (![certificate, key, ca].every((path) => existsSync(path))) return false;
  try {
    const parsed = new X509Certificate(readFileSync(certificate));
    const issuer = new X509Certificate(readFileSync(ca));
    const covers = names.every((name) => (parsed.checkHost(name) ?? parsed.checkIP(name)) !== undefined);
    return (
      covers && parsed.verify(issuer.publicKey) && parsed.validToDate.getTime() - Date.now() > renewBeforeMs
    );
  } catch {
    return false;
  }
}
