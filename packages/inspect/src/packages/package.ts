/** The kind of a package: the `type` of its package URL (https://github.com/package-url/purl-spec). */
export type PackageType =
  | 'deb'
  | 'apk'
  | 'rpm'
  | 'npm'
  | 'pypi'
  | 'golang'
  | 'cargo'
  | 'maven'
  | 'gem'
  | 'nuget'
  | 'composer'
  | 'pub'
  | 'cran'
  | 'hackage';

/** The release of an operating system, as `/etc/os-release` names it: `{id: 'debian', versionId: '12'}`. */
export interface Distro {
  /** `ID`, lower case. */
  readonly id: string;
  /** `VERSION_ID`, of openEuler with the service pack; absent on rolling releases. */
  readonly versionId?: string | undefined;
  /** `VERSION_CODENAME`: `bookworm`. */
  readonly codename?: string | undefined;
  readonly prettyName?: string | undefined;
  /** `SUPPORT_END`, `YYYY-MM-DD`: where the release itself says how long it is supported. */
  readonly supportEnd?: string | undefined;
}

/** Where a package was found: a path in the image, and the diff_id of the layer that last wrote it. */
export interface PackageLocation {
  readonly path: string;
  readonly layer?: string | undefined;
}

/**
 * Of the file that a package is (jars, programs); else what its package manager has written down when it was installed: apk
 * of the control part of its file, rpm of its header, npm of the archive it came in.
 */
export interface Checksum {
  readonly algorithm: 'SHA-1' | 'SHA-256' | 'SHA-512';
  /** Hexadecimal. */
  readonly value: string;
}

/** One installed package. */
export interface Package {
  readonly type: PackageType;
  /** As its ecosystem writes it: `@babel/core`, `org.slf4j:slf4j-api`, `golang.org/x/net`. */
  readonly name: string;
  /** The whole version with epoch and revision: `1:2.3-4+deb12u1`. */
  readonly version: string;
  readonly architecture?: string | undefined;
  /** What it was built from. Distributions publish advisories for source packages. Absent: the package itself. */
  readonly source?: { readonly name: string; readonly version: string } | undefined;
  readonly purl: string;
  /** The operating system it belongs to (deb, apk, rpm). */
  readonly distro?: Distro | undefined;
  /** The stream of a module that an rpm is of: `nodejs:18:8090020240101:rhel8`. */
  readonly modularityLabel?: string | undefined;
  /** SPDX identifiers or expressions, else the words of the package. */
  readonly licenses: readonly string[];
  /** Who maintains or publishes it, in the package's own words. */
  readonly supplier?: string | undefined;
  readonly checksum?: Checksum | undefined;
  readonly location: PackageLocation;
}
