import { printable } from '@pratique/errors';
import { hardenErrors } from '../errors.ts';

/** One member of an `ar` archive; `bytes` is a view of the archive. */
export interface ArMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const magic = '!<arch>\n';
const headerBytes = 60;
const maxMembers = 32;

/**
 * Reads the common form of `ar` archives, as .deb files have it (deb(5)): no long names, no symbol table.
 *
 * @throws DEB_INVALID
 */
export function readAr(archive: Uint8Array): readonly ArMember[] {
  if (latin1(archive.subarray(0, magic.length)) !== magic) throw invalid('does not begin as an ar archive');
  const members: ArMember[] = [];
  for (let at = magic.length; at < archive.length; ) {
    const header = latin1(archive.subarray(at, at + headerBytes));
    const size = /^[0-9]{1,10} *$/.exec(header.slice(48, 58))?.[0];
    if (header.length < headerBytes || size === undefined || header.slice(58) !== '`\n')
      throw invalid(`has no well-formed header at byte ${at}`);
    const start = at + headerBytes;
    const end = start + Number(size);
    if (end > archive.length) throw invalid('is cut off');
    if (members.length === maxMembers) throw invalid(`has more than ${maxMembers} members`);
    const name = header.slice(0, 16).trimEnd().replace(/\/$/, '');
    if (!/^[\w.+-]+$/.test(name)) throw invalid(`has a member named "${printable(name)}"`);
    members.push({ name, bytes: archive.subarray(start, end) });
    at = end + (end % 2);
  }
  return members;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function invalid(why: string) {
  return hardenErrors.error('DEB_INVALID', { message: `the package ${why}` });
}
