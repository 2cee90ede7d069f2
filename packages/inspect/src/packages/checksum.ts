import type { Digest } from '@pratique/oci';
import type { Checksum } from './package.ts';

const bytes: Readonly<Record<Checksum['algorithm'], number>> = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 };

export function checksumOf(digest: Digest): Checksum {
  return { algorithm: 'SHA-256', value: digest.slice('sha256:'.length) };
}

/** Undefined for what is no hash of that length: it is left out of what is said about the package. */
export function checksumOfBase64(algorithm: Checksum['algorithm'], text: string): Checksum | undefined {
  if (!/^[A-Za-z0-9+/]+=*$/.test(text)) return undefined;
  const hash = Buffer.from(text, 'base64');
  return hash.length === bytes[algorithm] ? { algorithm, value: hash.toString('hex') } : undefined;
}
