import { hash } from 'node:crypto';
import { printable } from '@pratique/errors';
import { hardenErrors } from '../errors.ts';
import { DecompressionError, decompress } from '../fetch/decompress.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import { type ApkFile, openApk } from './apk-file.ts';
import { type ApkPackage, parseIndex } from './index-file.ts';
import { type AlpineKey, isSigned, readSegment, SegmentError, splitSignatures } from './segments.ts';

const limits = { indexBytes: 64 * 1024 * 1024, indexTextBytes: 256 * 1024 * 1024 } as const;

export interface ApkRepositoryOptions {
  readonly fetcher: Fetcher;
  /** Alpine’s name of the architecture: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly keys: readonly AlpineKey[];
}

/**
 * Addresses of repositories, one a line, as in `/etc/apk/repositories` (apk-repositories(5)). Those with a tag are for
 * packages that are asked for by it, which is not supported: left out.
 *
 * @throws PACKAGES_SOURCES_INVALID
 */
export function parseApkSources(text: string, name: string): readonly string[] {
  return text.split('\n').flatMap((whole, index) => {
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || line.startsWith('@')) return [];
    const url = URL.canParse(line) ? new URL(line) : null;
    const plain =
      url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    if (!plain || !['http:', 'https:'].includes(url.protocol) || /\s/.test(line)) {
      throw hardenErrors.error('PACKAGES_SOURCES_INVALID', {
        message: `${printable(name)}:${index + 1}: ${printable(line, 120)} is not the address of a repository`,
        expected: 'http or https, no credentials',
      });
    }
    return [line.replace(/\/+$/, '')];
  });
}

/**
 * Opens a repository: its index, signed by one of the keys.
 *
 * @throws PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED, PACKAGES_INDEX_INVALID
 */
export async function openApkRepository(
  uri: string,
  { fetcher, architecture, keys }: ApkRepositoryOptions,
): Promise<readonly ApkPackage[]> {
  const directory = `${uri}/${architecture}`;
  const url = `${directory}/APKINDEX.tar.gz`;
  const bytes = await fetcher.bytes(url, limits.indexBytes);
  try {
    const { signatures, rest } = await splitSignatures(bytes);
    const signed = isSigned(rest, signatures, keys);
    if (signed !== true) {
      throw hardenErrors.error('PACKAGES_UNTRUSTED', {
        message:
          signed === null
            ? `${printable(url, 300)} is not signed by a key that is trusted`
            : `${printable(url, 300)} is not what was signed`,
        expected: `a signature by one of ${keys.map(({ name }) => printable(name)).join(', ') || 'no keys'}`,
        found: signatures.map(({ key }) => printable(key)).join(', ') || 'no signature',
      });
    }
    const files = await readSegment(await decompress(rest, 'gz', limits.indexTextBytes));
    const content = files.get('APKINDEX')?.content;
    if (content === undefined) throw new SegmentError('has no APKINDEX in it');
    return parseIndex(new TextDecoder().decode(content.read(0, content.size)), directory);
  } catch (cause) {
    if (!(cause instanceof SegmentError || cause instanceof DecompressionError)) throw cause;
    throw hardenErrors.error('PACKAGES_INDEX_INVALID', {
      message: `${printable(url, 300)} ${cause.message}`,
      cause,
    });
  }
}

/** A package, verified, and the digest of its file. @throws PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED, APK_INVALID */
export async function fetchApk(
  found: ApkPackage,
  { fetcher, keys }: Pick<ApkRepositoryOptions, 'fetcher' | 'keys'>,
): Promise<{ readonly file: ApkFile; readonly sha256: string }> {
  const bytes = await fetcher.bytes(found.url, found.size);
  return { file: await openApk(bytes, found, keys), sha256: hash('sha256', bytes) };
}
