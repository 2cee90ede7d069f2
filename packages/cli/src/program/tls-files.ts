import { looksLike, printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { readText } from './read-file.ts';
import type { Terminal } from './terminal.ts';

// Loaded where a flag names such files, which few do.
const crypto = () => process.getBuiltinModule('node:crypto');

/** Certificates to trust, PEM. @throws FILE_UNREADABLE, TLS_FILES_UNUSABLE where there is none in the file */
export function readAuthorities(file: string, terminal: Terminal): string {
  const text = readText(file, terminal.cwd);
  try {
    // Node reads what it can, and trusts nobody where there is nothing.
    new (crypto().X509Certificate)(text);
    return text;
  } catch {
    throw unusable(`${printable(file)} holds no certificate`, 'certificates, PEM', text);
  }
}

/**
 * A certificate chain with its private key, PEM; undefined where neither is given.
 *
 * @param names of the two flags
 * @throws USAGE where one is missing, FILE_UNREADABLE, TLS_FILES_UNUSABLE
 */
export function readKeyPair(
  files: { readonly cert: string | undefined; readonly key: string | undefined },
  names: { readonly cert: string; readonly key: string },
  terminal: Terminal,
): { readonly cert: string; readonly key: string } | undefined {
  if (files.cert === undefined && files.key === undefined) return undefined;
  if (files.cert === undefined || files.key === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'a certificate and its private key go together',
      expected: `--${names.cert} FILE --${names.key} FILE`,
      found: files.cert === undefined ? `only --${names.key}` : `only --${names.cert}`,
    });
  }
  const cert = readAuthorities(files.cert, terminal);
  const key = readText(files.key, terminal.cwd);
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  try {
    createSecureContext({ key });
  } catch {
    const what = 'an unencrypted private key, PEM';
    throw unusable(`${printable(files.key)} holds no private key that can be used`, what, key);
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw cliErrors.error('TLS_FILES_UNUSABLE', {
      message: `the private key ${printable(files.key)} is not the one of the certificate ${printable(files.cert)}`,
      cause,
    });
  }
  return { cert, key };
}

/** Without what OpenSSL says, which is about itself. */
function unusable(message: string, expected: string, text: string) {
  const found = looksLike(new TextEncoder().encode(text)) ?? 'something else';
  return cliErrors.error('TLS_FILES_UNUSABLE', { message, expected, found });
}
