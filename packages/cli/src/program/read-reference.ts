import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeBase64 } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { openUrl, shownUrl } from './open-url.ts';
import { type FileKind, maxFileBytes, readFile } from './read-file.ts';
import type { Terminal } from './terminal.ts';

const timeoutMs = 60_000;

/**
 * What a reference of cosign's names: a file, `env://NAME`, or an address, which is asked over HTTPS, or over HTTP on this
 * machine.
 *
 * @throws FILE_UNREADABLE
 */
export async function readReference(
  text: string,
  terminal: Terminal,
  kind: FileKind,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (text.startsWith('env://')) return fromEnvironment(text.slice('env://'.length), terminal);
  if (/^https?:\/\//.test(text)) return await fromUrl(text, maxFileBytes[kind], signal);
  return readFile(text, terminal.cwd, kind);
}

/**
 * A signature as cosign's `--signature` has it: in what {@link readReference} reads, or the text itself where there is no
 * such file; in base64, or the bytes as they are.
 */
export async function readSignature(
  text: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const isText = /^[A-Za-z0-9+/\s]{40,}={0,2}\s*$/.test(text) && !isFile(text, terminal);
  const bytes = isText
    ? new TextEncoder().encode(text)
    : await readReference(text, terminal, 'document', signal);
  try {
    return decodeBase64(new TextDecoder().decode(bytes).replace(/\s/g, ''), 'the signature');
  } catch (error) {
    if (error instanceof PratiqueError) return bytes;
    throw error;
  }
}

/** A signature can be longer than a path may be, and asking for a file of that name would be an error. */
function isFile(text: string, { cwd }: Terminal): boolean {
  return text.length < 1024 && existsSync(resolve(cwd, text));
}

function fromEnvironment(name: string, { env }: Terminal): Uint8Array {
  const value = env[name];
  if (value) return new TextEncoder().encode(value);
  throw cliErrors.error('FILE_UNREADABLE', {
    message: `the environment variable ${printable(name, 80)} is not set`,
  });
}

async function fromUrl(text: string, maxBytes: number, outer: AbortSignal): Promise<Uint8Array> {
  const failed = (url: URL, reason: string) =>
    cliErrors.error('FILE_UNREADABLE', {
      message: `cannot fetch ${shownUrl(url)}: ${printable(reason, 300)}`,
    });
  if (!URL.canParse(text)) {
    throw cliErrors.error('FILE_UNREADABLE', { message: `${printable(text, 200)} is not an address` });
  }
  const url = new URL(text);
  const signal = AbortSignal.any([outer, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await openUrl(url, { headers: {}, signal, allowHttp: false, failed });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(url, `the server answered ${response.status}`);
    }
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > maxBytes) throw failed(url, `more than ${maxBytes} bytes`);
      parts.push(part);
    }
    return new Uint8Array(Buffer.concat(parts));
  } catch (error) {
    if (error instanceof PratiqueError || outer.aborted) throw error;
    throw failed(url, (error as Error).message);
  }
}
