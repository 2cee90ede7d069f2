import { isJsonObject, parseJson } from '@pratique/crypto';
import { looksLike, PratiqueError, printable } from '@pratique/errors';
import { readRoot, tufErrors } from '@pratique/tuf';
import { readFile } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

/** @throws FILE_UNREADABLE, TUF_ROOT_INVALID */
export function readRootFile(file: string, terminal: Terminal): Uint8Array {
  return requireRoot(readFile(file, terminal.cwd, 'text'), file);
}

/** What somebody gave is the root of a repository. @param name what is said of it @throws TUF_ROOT_INVALID */
export function requireRoot<Bytes extends Uint8Array>(bytes: Bytes, name: string): Bytes {
  try {
    readRoot(bytes);
    return bytes;
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || cause.code !== 'TUF_METADATA_INVALID') throw cause;
    throw tufErrors.error('TUF_ROOT_INVALID', {
      message: `${printable(name, 300)} is not the root of a TUF repository: ${cause.message}`,
      expected: 'a root.json of the repository, JSON with signed and signatures',
      found: kindOf(bytes) ?? cause.found,
      remedy:
        'Name the root.json that you got from the operator of the repository. What the mirror has, which proves nothing by itself: curl -O MIRROR/root.json',
      cause,
    });
  }
}

/** What it is instead, where that can be said. */
function kindOf(bytes: Uint8Array): string | undefined {
  let document: unknown;
  try {
    document = parseJson(bytes, 'the root');
  } catch {
    return looksLike(bytes);
  }
  if (!isJsonObject(document)) return 'JSON of another form';
  const { signed, mediaType } = document;
  if (isJsonObject(signed) && typeof signed['_type'] === 'string')
    return `the metadata ${printable(signed['_type'], 40)} of a TUF repository`;
  if (typeof mediaType === 'string') return printable(mediaType, 100);
  return `JSON with ${printable(Object.keys(document).slice(0, 5).join(', '), 100) || 'nothing in it'}`;
}

/** What people compare before they sign, and who has signed. */
export function describeRoot(bytes: Uint8Array): string {
  const { version, expires, digest, roles, signers } = readRoot(bytes);
  const lines = roles.root.keyIds.map((id) => {
    const fingerprint = roles.root.keys.get(id)?.fingerprint;
    const isSigned = fingerprint !== undefined && signers.includes(fingerprint);
    return `${isSigned ? 'signed ' : 'missing'}  ${fingerprint ?? 'a key that cannot be used'}`;
  });
  return [
    `root ${version}, until ${expires.toISOString()}, signed bytes sha256:${digest}`,
    `${roles.root.threshold} of ${roles.root.keyIds.length} keys:`,
    ...lines,
    '',
  ].join('\n');
}
