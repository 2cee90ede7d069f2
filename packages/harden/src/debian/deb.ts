import { printable } from '@pratique/errors';
import { hardenErrors } from '../errors.ts';
import { type Compression, DecompressionError, decompress } from '../fetch/decompress.ts';
import { readAr } from './ar.ts';

/** The two archives of a Debian package, unpacked to tar. */
export interface Deb {
  /** `control`, `md5sums`, maintainer scripts, … */
  readonly control: Uint8Array;
  /** The files it installs. */
  readonly data: Uint8Array;
}

const limits = { controlBytes: 16 * 1024 * 1024, dataBytes: 1024 * 1024 * 1024 } as const;

/**
 * Opens a binary package (deb(5), format 2.0), compressed with gzip, xz or zstd, or not at all.
 *
 * @throws DEB_INVALID
 */
export async function openDeb(bytes: Uint8Array): Promise<Deb> {
  const [version, ...members] = readAr(bytes).filter(({ name }) => !name.startsWith('_'));
  if (version?.name !== 'debian-binary' || !/^2\.\d+\n/.test(new TextDecoder().decode(version.bytes)))
    throw invalid('is not of format 2', version?.name ?? 'nothing');
  const [control, data] = members;
  const unpack = async (part: 'control' | 'data', member: typeof control, maxBytes: number) => {
    const match = member === undefined ? null : /^(control|data)\.tar(?:\.(gz|xz|zst))?$/.exec(member.name);
    if (member === undefined || match?.[1] !== part)
      throw invalid(`has no ${part}.tar where it should be`, member?.name ?? 'nothing');
    try {
      return await decompress(member.bytes, (match[2] ?? 'none') as Compression, maxBytes);
    } catch (cause) {
      if (!(cause instanceof DecompressionError)) throw cause;
      throw invalid(`has a ${part}.tar that ${cause.message}`, member.name, cause);
    }
  };
  return {
    control: await unpack('control', control, limits.controlBytes),
    data: await unpack('data', data, limits.dataBytes),
  };
}

function invalid(why: string, found: string, cause?: unknown) {
  return hardenErrors.error('DEB_INVALID', { message: `the package ${why}`, found: printable(found), cause });
}
