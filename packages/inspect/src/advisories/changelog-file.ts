import { gunzipSync } from 'node:zlib';
import { TarStream } from '../filesystem/tar-stream.ts';

/** Largest changelog that is read, in bytes unpacked. */
const maxChangelogBytes = 16 * 2 ** 20;
const regularFile: ReadonlySet<string> = new Set(['0', '\0']);
const changelogPath = /^(?:\.\/)?usr\/share\/doc\/[^/]+\/changelog(?:\.Debian)?\.gz$/;

/**
 * Finds the Debian changelog among the files of a binary package; undefined where there is none, as in packages whose
 * documentation is a link to another's.
 *
 * @param data the package's `data.tar`, unpacked
 */
export function changelogOf(data: Uint8Array): string | undefined {
  /** `changelog.Debian.gz` before `changelog.gz`: of a package that is not native, the latter is upstream's. */
  const found: { path: string; chunks: Uint8Array[] }[] = [];
  let reading: Uint8Array[] | undefined;
  const tar = new TarStream({
    entry({ path, type, size }) {
      reading = undefined;
      if (!regularFile.has(type) || size > maxChangelogBytes || !changelogPath.test(path)) return;
      reading = [];
      found.push({ path, chunks: reading });
    },
    content: (chunk) => void reading?.push(chunk.slice()),
    end() {},
  });
  tar.push(data);
  tar.end();
  const chosen = found.find(({ path }) => path.endsWith('Debian.gz')) ?? found[0];
  if (chosen === undefined) return undefined;
  return gunzipSync(Buffer.concat(chosen.chunks), { maxOutputLength: maxChangelogBytes }).toString('utf8');
}
