import { gunzipSync, gzipSync } from 'node:zlib';
import type { FileSystem, LayerEntry } from '@pratique/inspect';
import { isZeroBlock, parseTarHeader, tarBlock, tarEnd, tarHeader, tarPadding } from '@pratique/oci';
import { bytesEntry, fileEntry, textAt } from '../image/entries.ts';
import { type ApkRecord, contentOf } from './database.ts';
import type { FetchedApk } from './install.ts';
import { SegmentError } from './segments.ts';

const maxBytes = 64 * 1024 * 1024;

/**
 * `scripts.tar`, with what apk runs when a package goes or something changes: scripts of packages that are gone out, those
 * of new ones in. apk-tools 3 has it compressed.
 *
 * @throws SegmentError
 */
export function changedScripts(
  fileSystem: FileSystem,
  database: string,
  gone: readonly ApkRecord[],
  packages: readonly FetchedApk[] = [],
): readonly LayerEntry[] {
  const prefixes = gone.map(scriptPrefix);
  const compressed = fileSystem.get(`${database}/scripts.tar.gz`) !== undefined;
  const path = `${database}/scripts.tar${compressed ? '.gz' : ''}`;
  const stored = contentOf(fileSystem, path);
  const tar = compressed && stored.length > 0 ? gunzipSync(stored, { maxOutputLength: maxBytes }) : stored;
  const entries = tarEntries(tar);
  const kept = entries.filter(({ name }) => !prefixes.some((prefix) => name.startsWith(prefix)));
  const added = packages.flatMap(({ found, file }) =>
    [...file.scripts].map(([name, text]) => scriptEntry(`${scriptPrefix(found)}${name}`, text)),
  );
  if (added.length === 0 && kept.length === entries.length) return [];
  const bytes = Buffer.concat([...kept.map((entry) => entry.bytes), ...added, tarEnd]);
  return [bytesEntry(path, compressed ? gzipSync(bytes) : bytes)];
}

function scriptPrefix({
  name,
  version,
  checksum,
}: {
  readonly name: string;
  readonly version: string;
  readonly checksum: string;
}): string {
  return `${name}-${version}.${checksum}.`;
}

function scriptEntry(path: string, text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const header = tarHeader({
    path,
    type: 'file',
    size: content.length,
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 0,
  });
  return Buffer.concat([...header, content, tarPadding(content.length)]);
}

/** Entries as they stand there: digests in their names may have slashes, which are not of directories. */
function tarEntries(tar: Uint8Array): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  const entries: { name: string; bytes: Uint8Array }[] = [];
  for (let at = 0, start = 0; at + tarBlock <= tar.length; ) {
    const block = tar.subarray(at, at + tarBlock);
    if (isZeroBlock(block)) break;
    const { type, path, size } = parseTarHeader(block);
    at += tarBlock + Math.ceil(size / tarBlock) * tarBlock;
    if (at > tar.length) throw new SegmentError('has a tar of scripts that is cut off');
    // What extends the header of the next entry goes with it.
    if ('xgLK'.includes(type)) continue;
    entries.push({ name: path, bytes: tar.subarray(start, at) });
    start = at;
  }
  return entries;
}

/** `triggers`: whose script is run when something in which directories changes. */
export function changedTriggers(
  fileSystem: FileSystem,
  database: string,
  gone: readonly ApkRecord[],
  packages: readonly FetchedApk[] = [],
): readonly LayerEntry[] {
  const checksums = new Set(gone.map(({ checksum }) => checksum));
  const path = `${database}/triggers`;
  const text = textAt(fileSystem, path);
  const kept = text.split('\n').filter((line) => line !== '' && !checksums.has(line.split(' ')[0]!));
  const added = packages.flatMap(({ found, file }) => {
    const [patterns] = file.info.get('triggers') ?? [];
    return patterns === undefined || patterns === '' ? [] : [`${found.checksum} ${patterns}`];
  });
  const written = [...kept, ...added].map((line) => `${line}\n`).join('');
  return written === text ? [] : [fileEntry(path, written)];
}
