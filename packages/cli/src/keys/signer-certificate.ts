import { decodeBase64, parsePem } from '@pratique/crypto';
import { cliErrors } from '../errors.ts';
import { named } from '../program/parse-file.ts';
import { readReference } from '../program/read-reference.ts';
import type { Terminal } from '../program/terminal.ts';

/** The first block of a PEM text, which cosign writes once more in base64. @throws ENCODING_INVALID */
export function firstBlock(text: string): { readonly label: string; readonly bytes: Uint8Array } {
  const pem = text.includes('-----BEGIN')
    ? text
    : new TextDecoder().decode(decodeBase64(text.trim(), 'the certificate'));
  return parsePem(pem, 'the certificate')[0];
}

/** The certificate that `--certificate` names, DER. What stands behind it in its file is passed over, as cosign does. */
export async function readSignerCertificate(
  reference: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await readReference(reference, terminal, 'text', signal);
  try {
    const block = firstBlock(new TextDecoder().decode(bytes));
    if (block.label === 'CERTIFICATE') return block.bytes;
    throw cliErrors.error('USAGE', {
      message: 'it holds something else than a certificate',
      expected: 'CERTIFICATE',
      found: block.label,
    });
  } catch (error) {
    throw named(reference, error);
  }
}
