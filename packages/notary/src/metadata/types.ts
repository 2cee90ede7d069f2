import type { Digest } from '@pratique/oci';
import type { NotaryKey } from './key.ts';

export const topLevelRoles = ['root', 'timestamp', 'snapshot', 'targets'] as const;
export type TopLevelRole = (typeof topLevelRoles)[number];

/** Who signs for a role. */
export interface RoleKeys {
  readonly keyIds: readonly string[];
  /** By id; null for keys that cannot be used and verify nothing. */
  readonly keys: ReadonlyMap<string, NotaryKey | null>;
  readonly threshold: number;
}

export interface Common {
  readonly version: number;
  readonly expires: Date;
}

export interface Root extends Common {
  readonly roles: Readonly<Record<TopLevelRole, RoleKeys>>;
}

/** A file that signed metadata names. Files are fetched by their SHA-256, which is always there. */
export interface FileInfo {
  readonly length: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sha512: string | undefined;
}

export interface Timestamp extends Common {
  readonly snapshot: FileInfo;
}

export interface Snapshot extends Common {
  /** By role. */
  readonly meta: ReadonlyMap<string, FileInfo>;
}

/** What a tag is signed to be. */
export interface SignedTag {
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly length: number;
}

/** A role that tags are delegated to: a direct child of the role that says so. */
export interface Delegation extends RoleKeys {
  readonly name: string;
  /** Prefixes of the tags that it may sign; the empty one is of all. */
  readonly paths: readonly string[];
}

export interface Targets extends Common {
  /** By tag. Targets without a SHA-256 are no manifests and are left out. */
  readonly tags: ReadonlyMap<string, SignedTag>;
  readonly delegations: readonly Delegation[];
}
