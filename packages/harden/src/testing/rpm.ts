import { rpmHeader, rpmSqlite } from '@pratique/inspect/testing/rpm';
import type { Files } from './file-system.ts';

export const rpmDatabasePath = 'var/lib/rpm/rpmdb.sqlite';

/** A package of rpm. */
export interface TestRpm {
  readonly files?: Files;
  /** Paths that its header names and that are not installed with it, by their state; `ghost` for one that it only knows. */
  readonly more?: Readonly<Record<string, number | 'ghost'>>;
  /** `name`, or `name >= version`. */
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
  /** `version-release`; default 1-1. */
  readonly version?: string;
  readonly architecture?: string;
}

/** The files of these packages, and rpm's database of them in SQLite. A name may be said twice, after a space. */
export function rpmPackages(
  packages: Readonly<Record<string, TestRpm>>,
  more?: string,
): Record<string, string | Uint8Array> {
  const headers = Object.entries(packages).map(([name, one]) => rpmHeaderOf(name.split(' ')[0]!, one));
  return {
    ...Object.assign({}, ...Object.values(packages).map(({ files }) => files)),
    [rpmDatabasePath]: rpmSqlite(headers, more),
  };
}

export function rpmHeaderOf(
  name: string,
  { files = {}, more = {}, requires = [], provides = [], version = '1-1', architecture = 'x86_64' }: TestRpm,
): Buffer {
  const paths = [...Object.keys(files), ...Object.keys(more)];
  const directories = paths.map((path) => `/${path}`.replace(/[^/]*$/, ''));
  const states = [...Object.keys(files).map(() => 0), ...Object.values(more)];
  const [wanted, had] = [requires.map(relation), provides.map(relation)];
  const fields = {
    1000: name,
    1001: version.split('-')[0]!,
    1002: version.split('-')[1]!,
    1022: architecture,
    1029: Uint8Array.from(states, (state) => (state === 'ghost' ? 0 : state)),
    1037: states.map((state) => (state === 'ghost' ? 64 : 0)),
    1047: had.map(({ name }) => name),
    1048: wanted.map(({ flags }) => flags),
    1049: wanted.map(({ name }) => name),
    1050: wanted.map(({ version }) => version),
    1112: had.map(({ flags }) => flags),
    1113: had.map(({ version }) => version),
    1116: directories.map((_, at) => at),
    1117: paths.map((path) => path.slice(path.lastIndexOf('/') + 1)),
    1118: directories,
  };
  // rpm writes no empty ones.
  return rpmHeader(Object.fromEntries(Object.entries(fields).filter(([, value]) => value.length > 0)));
}

/** `name >= 1-2`, or a rich one as it stands. */
export function relation(text: string): { name: string; flags: number; version: string } {
  const [, name = text, operator = '', version = ''] = /^([^(]\S*) (<|<=|=|>=|>) (\S+)$/.exec(text) ?? [];
  return { name, flags: { '<': 2, '<=': 10, '=': 8, '>=': 12, '>': 4 }[operator] ?? 0, version };
}
