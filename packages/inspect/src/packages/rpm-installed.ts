import { RpmHeaderEntries } from './rpm-header-entries.ts';

/** A capability that a package provides or requires. */
export interface RpmRelation {
  /** `bash`, `/bin/sh`, `libc.so.6(GLIBC_2.34)(64bit)`, or a rich one: `(a if b)`. */
  readonly name: string;
  /** `RPMSENSE_…` of rpm's `rpmds.h`. */
  readonly flags: number;
  /** `1:2.0-3`; empty where any will do. */
  readonly version: string;
}

/** A path in a package's header. */
export interface RpmFile {
  /** With a slash in front. */
  readonly path: string;
  /** 0 where it was installed: `rpmfileState` of rpm's `rpmfiles.h`. */
  readonly state: number;
  /** It is not in the package, only known to be its own (`%ghost`). */
  readonly isGhost: boolean;
}

/** What decides whether an installed package may go, and what is to be changed where files of it do. */
export interface RpmInstalled {
  readonly files: readonly RpmFile[];
  readonly requires: readonly RpmRelation[];
  readonly provides: readonly RpmRelation[];
  /** Where the states of the files lie in the header, a byte for each; absent where it has none. */
  readonly statesAt: number | undefined;
}

const tags = {
  fileStates: 1029,
  fileFlags: 1037,
  provideName: 1047,
  requireFlags: 1048,
  requireName: 1049,
  requireVersion: 1050,
  provideFlags: 1112,
  provideVersion: 1113,
} as const;
const wanted: ReadonlySet<number> = new Set(Object.values(tags));
const ghost = 1 << 6;

/** Reads what else a header says, of one that `parseRpmHeader` takes. Undefined where it is damaged. */
export function parseRpmInstalled(bytes: Uint8Array): RpmInstalled | undefined {
  const entries = new RpmHeaderEntries(bytes, wanted);
  const relations = (name: number, flag: number, version: number): RpmRelation[] => {
    const [flags, versions] = [entries.numbers(flag), entries.texts(version)];
    return entries
      .texts(name)
      .map((one, at) => ({ name: one, flags: flags[at] ?? 0, version: versions[at] ?? '' }));
  };
  const [paths, flags, states] = [
    entries.paths(),
    entries.numbers(tags.fileFlags),
    entries.bytes(tags.fileStates),
  ];
  const hasStates = states !== undefined && states.count === paths.length;
  if (states !== undefined && !hasStates) return undefined;
  const installed = {
    files: paths.map((path, at) => ({
      path,
      state: hasStates ? bytes[states.offset + at]! : 0,
      isGhost: ((flags[at] ?? 0) & ghost) !== 0,
    })),
    requires: relations(tags.requireName, tags.requireFlags, tags.requireVersion),
    provides: relations(tags.provideName, tags.provideFlags, tags.provideVersion),
    statesAt: hasStates ? states.offset : undefined,
  };
  return entries.damaged ? undefined : installed;
}
