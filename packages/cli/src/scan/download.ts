import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { makeDirectories } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { openUrl, shownUrl } from '../program/open-url.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Where downloads are kept, so that what has not changed is not fetched again. */
  readonly directory: string;
  /** Default 4 GiB. */
  readonly maxBytes?: number;
  /** Milliseconds without a byte. Default one minute. */
  readonly idleMs?: number;
}

/** What the server said of the file that lies beside it. */
interface State {
  readonly url: string;
  readonly sha256: string;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Whether an input names something to fetch. */
export function isUrl(input: string): boolean {
  return /^https?:\/\//i.test(input);
}

/**
 * Fetches advisories into a file; not again what the server says has not changed (RFC 9110 §13.1). With
 * `#sha256=HEX` at the end of the URL the content must have this digest, whatever the server says; then plain HTTP will do.
 *
 * @returns the path of the file, named as the URL's last part
 * @throws `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`, `USAGE`
 */
export async function downloadAdvisories(text: string, options: DownloadOptions): Promise<string> {
  const url = parseUrl(text);
  const expected = expectedDigest(url);
  url.hash = '';
  const directory = join(options.directory, hash('sha256', url.href));
  const file = join(directory, fileName(url));
  const kept = await readState(directory, file, url);
  const idle = new AbortController();
  const signal = AbortSignal.any([options.signal, idle.signal]);
  const { idleMs = 60_000, maxBytes = 4 * 1024 ** 3 } = options;
  const late = () => idle.abort(failed(url, `nothing came for ${Math.ceil(idleMs / 1000)} s`));
  let timer = setTimeout(late, idleMs);
  try {
    const headers = {
      ...(kept?.etag === undefined ? {} : { 'if-none-match': kept.etag }),
      ...(kept?.lastModified === undefined ? {} : { 'if-modified-since': kept.lastModified }),
    };
    const response = await openUrl(url, { headers, signal, allowHttp: expected !== undefined, failed });
    if (response.status === 304 && kept !== undefined) {
      check(url, kept.sha256, expected);
      return file;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(url, `the server answered ${response.status}`);
    }
    makeDirectories(directory, 0o700);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      const digester = createHash('sha256');
      const handle = await open(temporary, 'w', 0o600);
      try {
        let size = 0;
        for await (const chunk of response.body ?? []) {
          clearTimeout(timer);
          timer = setTimeout(late, idleMs);
          size += chunk.length;
          if (size > maxBytes) throw failed(url, `more than ${maxBytes} bytes`);
          digester.update(chunk);
          await write(handle, chunk);
        }
      } finally {
        await handle.close();
      }
      const sha256 = digester.digest('hex');
      check(url, sha256, expected);
      rmSync(statePath(directory), { force: true });
      renameSync(temporary, file);
      const state: State = { url: url.href, sha256, ...validators(response.headers) };
      writeFileSync(statePath(directory), JSON.stringify(state), { mode: 0o600 });
      return file;
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (idle.signal.aborted) throw idle.signal.reason;
    if ((error as Error).name === 'PratiqueError') throw error;
    const { message, cause } = error as Error;
    throw failed(url, cause instanceof Error ? `${message}: ${cause.message}` : message, error);
  } finally {
    clearTimeout(timer);
  }
}

async function write(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw cliErrors.error('USAGE', { message: `${printable(text, 300)} is no URL that can be fetched` });
  return url;
}

function expectedDigest({ hash: fragment }: URL): string | undefined {
  if (fragment === '') return undefined;
  const digest = /^#sha256=([0-9a-f]{64})$/i.exec(fragment)?.[1];
  if (digest === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'what follows the # of a URL is no digest',
      expected: 'sha256= and 64 hexadecimal digits',
      found: printable(fragment.slice(1), 100),
    });
  }
  return digest.toLowerCase();
}

function check(url: URL, found: string, expected: string | undefined): void {
  if (expected === undefined || found === expected) return;
  throw cliErrors.error('CHECKSUM_MISMATCH', {
    message: `${shownUrl(url)} is not what was asked for`,
    expected: `sha256 ${expected}`,
    found: `sha256 ${found}`,
  });
}

/** The ending says how a file is packed, and a few formats are known by their name. */
function fileName({ pathname }: URL): string {
  const name = pathname.slice(pathname.lastIndexOf('/') + 1);
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name) ? name : 'advisories';
}

const statePath = (directory: string) => join(directory, '.state');

/** What was kept of the URL, where it is still what it was when it came. */
async function readState(directory: string, file: string, url: URL): Promise<State | undefined> {
  if (!existsSync(file) || !existsSync(statePath(directory))) return undefined;
  try {
    const state: unknown = parseJson(readFileSync(statePath(directory)), 'the state of a download');
    if (!isJsonObject(state) || state.url !== url.href) return undefined;
    const digester = createHash('sha256');
    for await (const chunk of createReadStream(file)) digester.update(chunk as Uint8Array);
    const sha256 = digester.digest('hex');
    if (state.sha256 !== sha256) return undefined;
    const { etag, lastModified } = state;
    return {
      url: url.href,
      sha256,
      ...(typeof etag === 'string' ? { etag } : {}),
      ...(typeof lastModified === 'string' ? { lastModified } : {}),
    };
  } catch {
    // As good as nothing kept.
    return undefined;
  }
}

function validators(headers: Headers): Pick<State, 'etag' | 'lastModified'> {
  const value = (name: string) => {
    const text = headers.get(name);
    return text !== null && /^[\x20-\x7e]{1,500}$/.test(text) ? text : undefined;
  };
  const [etag, lastModified] = [value('etag'), value('last-modified')];
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

function failed(url: URL, reason: string, cause?: unknown) {
  return cliErrors.error('DOWNLOAD_FAILED', {
    message: `${shownUrl(url)}: ${printable(reason, 300)}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
