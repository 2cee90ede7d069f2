import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { hardenErrors } from '../errors.ts';
import { DecompressionError, decompress } from '../fetch/decompress.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import { type AptPackage, PackageIndex } from './package-index.ts';
import { type Keyring, type Release, verifyRelease } from './release.ts';
import type { AptSource } from './sources.ts';

const limits = { releaseBytes: 4 * 1024 * 1024, indexBytes: 512 * 1024 * 1024 } as const;

export interface RepositoryOptions {
  readonly fetcher: Fetcher;
  /** Debian's name of the architecture: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Keyrings for a source, by the path it names (null: apt's own). */
  readonly keyrings: (signedBy: string | null) => readonly Keyring[];
  readonly now: Date;
}

/** What one source had, once all of it was verified. */
export interface OpenedSource {
  readonly source: AptSource;
  readonly release: Release;
  readonly indexes: readonly PackageIndex[];
}

/**
 * Opens a source: its signed release, and the indexes that it names of all components, by their digests.
 *
 * @throws PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED, PACKAGES_INDEX_INVALID
 */
export async function openSource(source: AptSource, options: RepositoryOptions): Promise<OpenedSource> {
  const { fetcher, architecture, keyrings, now } = options;
  const base = `${source.uri}/dists/${source.suite}`;
  const inRelease = await fetcher.bytes(`${base}/InRelease`, limits.releaseBytes);
  const release = await verifyRelease(inRelease, source.suite, keyrings(source.signedBy), now);
  const indexes = await Promise.all(
    source.components.map(async (component) => {
      const directory = `${component}/binary-${architecture}`;
      const file = ['Packages.xz', 'Packages.gz', 'Packages']
        .map((name) => release.files.get(`${directory}/${name}`))
        .find((found) => found !== undefined);
      if (file === undefined) throw invalid(source, `no index of ${component} for ${architecture}`);
      if (file.size > limits.indexBytes) throw invalid(source, `an index of ${file.size} bytes`);
      const path = release.byHash ? `${directory}/by-hash/SHA256/${file.sha256}` : file.path;
      const bytes = await fetcher.verified(`${base}/${path}`, file);
      const ending = /\.(xz|gz)$/.exec(file.path)?.[1] as 'xz' | 'gz' | undefined;
      try {
        const text = await decompress(bytes, ending ?? 'none', limits.indexBytes);
        return new PackageIndex(new TextDecoder().decode(text), source);
      } catch (cause) {
        if (!(cause instanceof DecompressionError)) throw cause;
        throw invalid(source, `an index that ${cause.message}`);
      }
    }),
  );
  return { source, release, indexes };
}

/** The .deb of a package, verified. @throws PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED */
export function fetchPackage(found: AptPackage, fetcher: Fetcher): Promise<Uint8Array> {
  return fetcher.verified(`${found.source.uri}/${found.filename}`, found);
}

const maxKeyringBytes = 16 * 1024 * 1024;

/** Keyrings of this machine: the one a source names, else those in apt's folder of keys for everything. */
export function machineKeyrings(signedBy: string | null): readonly Keyring[] {
  const folder = '/etc/apt/trusted.gpg.d';
  try {
    const paths =
      signedBy === null
        ? readdirSync(folder)
            .filter((name) => /\.(gpg|asc)$/.test(name))
            .map((name) => join(folder, name))
        : [signedBy];
    return paths.map((name) => ({ name, bytes: readNamedFile(name, maxKeyringBytes) }));
  } catch (cause) {
    throw hardenErrors.error('PACKAGES_UNTRUSTED', {
      message: `the keyring ${printable(signedBy ?? folder, 300)} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      cause,
    });
  }
}

function invalid({ uri, suite }: AptSource, why: string) {
  return hardenErrors.error('PACKAGES_INDEX_INVALID', {
    message: `${printable(`${uri} ${suite}`, 200)} has ${printable(why, 200)}`,
  });
}
