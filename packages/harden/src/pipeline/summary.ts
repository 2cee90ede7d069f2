import { type Catalog, catalogPackages, type FileSystem, type ScanReport } from '@pratique/inspect';

/** What an image offers to an attacker, in numbers. */
export interface Summary {
  readonly bytes: number;
  readonly files: number;
  readonly packages: number;
  readonly programs: number;
  /** Files with setuid or setgid bits. */
  readonly setuid: number;
  readonly shells: readonly string[];
  /** Findings of the scan by severity; null where nothing was scanned. */
  readonly findings: Readonly<Record<string, number>> | null;
  /** Packages that the advisory database says nothing about; null where nothing was scanned. */
  readonly uncovered: number | null;
}

const shellNames = /(^|\/)s?bin\/(ba|da|z|k|mk|c|tc|fi)?sh$|(^|\/)bin\/(ash|busybox)$/;

export interface Surveyed {
  readonly summary: Summary;
  readonly catalog: Catalog;
  readonly report: ScanReport | null;
}

/** Counts what is in a file system and, where `scan` is given, what is known about it. */
export async function survey(
  fileSystem: FileSystem,
  scan: ((catalog: Catalog) => ScanReport) | null,
): Promise<Surveyed> {
  const counts = { bytes: 0, files: 0, programs: 0, setuid: 0 };
  const shells: string[] = [];
  const inodes = new Set<number>();
  for (const { path, type, size, mode, inode } of fileSystem.nodes()) {
    if (type === 'directory') continue;
    counts.files++;
    if (type !== 'file') continue;
    if (!inodes.has(inode)) counts.bytes += size;
    inodes.add(inode);
    if ((mode & 0o111) !== 0) counts.programs++;
    if ((mode & 0o6000) !== 0) counts.setuid++;
    if (shellNames.test(path)) shells.push(path);
  }
  const catalog = await catalogPackages(fileSystem);
  const report = scan === null ? null : scan(catalog);
  return {
    summary: {
      ...counts,
      packages: catalog.packages.length,
      shells,
      findings: report?.counts ?? null,
      uncovered: report?.uncovered.reduce((sum, { packages }) => sum + packages, 0) ?? null,
    },
    catalog,
    report,
  };
}
