import { printable } from '@pratique/errors';
import { cryptoErrors } from '../errors.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

export interface PemBlock {
  /** The text between `-----BEGIN ` and `-----`, e.g. `PUBLIC KEY`. */
  readonly label: string;
  readonly bytes: Uint8Array;
}

const begin = /-----BEGIN ([A-Z0-9 ]{1,64})-----\s/y;
const content = /^[A-Za-z0-9+/=\s]*$/;

/**
 * Reads every PEM block (RFC 7468, lax about line lengths and line ends, strict about everything else): between and
 * around blocks only white space is allowed, headers inside a block are not, and there must be at least one block.
 *
 * @throws ENCODING_INVALID
 */
export function parsePem(text: string, what: string): readonly [PemBlock, ...PemBlock[]] {
  const trimmed = text.trim();
  const blocks: PemBlock[] = [];
  let position = 0;
  while (position < trimmed.length) {
    begin.lastIndex = position;
    const label = begin.exec(trimmed)?.[1];
    const line = `-----END ${label}-----`;
    const end = trimmed.indexOf(line, begin.lastIndex);
    const body = trimmed.slice(begin.lastIndex, end);
    if (label === undefined || end < 0 || !content.test(body)) {
      throw cryptoErrors.error('ENCODING_INVALID', {
        message: `${what} is not PEM: no well-formed block at character ${position}`,
        found: printable(trimmed.slice(position), 30),
      });
    }
    blocks.push({ label, bytes: decodeBase64(body.replace(/\s/g, ''), what) });
    position = end + line.length;
    while (/\s/.test(trimmed[position] ?? '')) position++;
  }
  const [first, ...rest] = blocks;
  if (first === undefined) throw cryptoErrors.error('ENCODING_INVALID', { message: `${what} is empty` });
  return [first, ...rest];
}

/** Writes one PEM block with lines of 64 characters, as OpenSSL and Go do. */
export function formatPem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`;
}
