import type { FileNode, FileSystem, KeepRule } from '../filesystem/types.ts';
import { isApkDatabase } from '../packages/apk.ts';
import { contentText } from '../packages/cataloger.ts';
import { hasRpmDatabase, isRpmDatabase, readRpmDatabase } from '../packages/rpm-database.ts';
import { secretSearch } from './search.ts';

const dpkgFiles = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+|info\/[^/]+\.md5sums)$/;
const wheelRecord = /\.dist-info\/RECORD$/;
const maxRecordBytes = 16 * 1024 ** 2;

/** What `findSecrets` needs of an image: give it to `readImage`. */
export const secretFiles: KeepRule = {
  id: 'secrets-1',
  search: secretSearch,
  keep({ path, size }) {
    if (dpkgFiles.test(path) || isApkDatabase(path) || isRpmDatabase(path)) return 'whole';
    return wheelRecord.test(path) && size <= maxRecordBytes ? 'whole' : undefined;
  },
};

/**
 * Digests of files as packages brought them, hexadecimal: what dpkg, apk and rpm have written down, and wheels (PyPA,
 * "Recording installed projects"). Whoever has the package has the file.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function shippedDigests(fileSystem: FileSystem): ReadonlySet<string> {
  const digests = new Set<string>();
  for (const node of fileSystem.nodes()) for (const digest of digestsIn(node)) digests.add(digest);
  if (hasRpmDatabase(fileSystem))
    for (const { fileDigests } of readRpmDatabase(fileSystem)?.headers ?? [])
      for (const digest of fileDigests) if (digest !== '') digests.add(digest);
  return digests;
}

function* digestsIn(node: FileNode): Generator<string> {
  const { path, content } = node;
  if (content === undefined) return;
  // Checksums of dpkg stand at the beginnings of lines, in `status` after the names of configuration files.
  if (dpkgFiles.test(path))
    for (const [digest] of contentText(node).matchAll(/(?<=^| )[0-9a-f]{32}(?=[ \n])/gm)) yield digest;
  else if (isApkDatabase(path))
    for (const [, base64] of contentText(node).matchAll(/^Z:Q1([A-Za-z0-9+/]{27}=)$/gm))
      yield Buffer.from(base64!, 'base64').toString('hex');
  else if (wheelRecord.test(path))
    for (const [, base64] of contentText(node).matchAll(/,sha256=([A-Za-z0-9_-]{43}),/g))
      yield Buffer.from(base64!, 'base64url').toString('hex');
}
