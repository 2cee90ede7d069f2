import { readNamedFile } from '@pratique/storage';
import { policyErrors } from '../errors.ts';

/** Where a bearer token comes from. A file is read for every request, so that one that is renewed on disk works. */
export type TokenSource = { readonly file: string } | { readonly env: string };

const maxTokenBytes = 16 * 1024;

/**
 * The token as it is to stand after `Bearer`. No error here, or anywhere, says what it is.
 *
 * @throws SERVICE_TOKEN_INVALID
 */
export async function readToken(
  source: TokenSource,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const [name, text] =
    'file' in source
      ? [source.file, await tokenFile(source.file)]
      : [`the variable ${source.env}`, env[source.env]];
  const token = text?.trim() ?? '';
  // RFC 6750 §2.1, without insisting on its alphabet: nothing that could end the header.
  if (token.length > maxTokenBytes || !/^[\x21-\x7e]+$/.test(token)) {
    throw policyErrors.error('SERVICE_TOKEN_INVALID', {
      message: `${name} holds no bearer token`,
      expected: `one line of visible ASCII, at most ${maxTokenBytes} bytes`,
      found: token === '' ? 'nothing' : 'something else',
    });
  }
  return token;
}

async function tokenFile(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(readNamedFile(path, maxTokenBytes + 2));
  } catch (cause) {
    throw policyErrors.error('SERVICE_TOKEN_INVALID', {
      message: `cannot read the bearer token in ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
}
