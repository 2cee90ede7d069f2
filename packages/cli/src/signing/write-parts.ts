import { encodeBase64, formatPem } from '@pratique/crypto';
import { formatEnvelope, type Signed } from '@pratique/sigstore';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';

/** Files for the parts of a signature; what is absent is not written. */
export interface PartFiles {
  readonly signature?: string | undefined;
  readonly certificate?: string | undefined;
  readonly timestamp?: string | undefined;
  /** What was signed. */
  readonly payload?: string | undefined;
}

export interface PartForms {
  /** Signature and certificate in base64, as cosign writes those of files. */
  readonly signatureBase64: boolean;
  readonly certificateBase64: boolean;
}

/** Writes the parts of a signature into files of their own, in the forms of cosign 2. An attestation's signature is its envelope. */
export function writeParts(
  { content, signature, certificate, timestamps }: Signed,
  files: PartFiles,
  { signatureBase64, certificateBase64 }: PartForms,
  terminal: Terminal,
): void {
  const write = (what: string, file: string | undefined, bytes: string | Uint8Array) => {
    if (file === undefined) return;
    writeFile(file, bytes, terminal.cwd);
    terminal.err(`Wrote ${what} to file ${file}\n`);
  };
  const inBase64 = (bytes: Uint8Array, yes: boolean) => (yes ? encodeBase64(bytes) : bytes);
  write(
    'signature',
    files.signature,
    content.form === 'envelope'
      ? JSON.stringify(formatEnvelope(content, signature))
      : inBase64(signature, signatureBase64),
  );
  write('payload', files.payload, content.form === 'envelope' ? content.payload : content.bytes);
  if (certificate !== null) {
    const pem = new TextEncoder().encode(formatPem('CERTIFICATE', certificate.leaf));
    write('certificate', files.certificate, inBase64(pem, certificateBase64));
  } else if (files.certificate !== undefined) {
    terminal.err('WARNING: a key signed, and there is no certificate to write\n');
  }
  const [timestamp] = timestamps;
  if (timestamp !== undefined) {
    const document = { SignedRFC3161Timestamp: encodeBase64(timestamp) };
    write('timestamp', files.timestamp, JSON.stringify(document));
  } else if (files.timestamp !== undefined) {
    terminal.err('WARNING: no timestamp authority was asked, and there is no timestamp to write\n');
  }
}
