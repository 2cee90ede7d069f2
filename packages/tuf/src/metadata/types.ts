import type { MetadataKey } from './key.ts';

/** Who may sign for a role, and how many of them must. */
export interface RoleKeys {
  readonly keys: ReadonlyMap<string, MetadataKey | null>;
  readonly keyIds: readonly string[];
  readonly threshold: number;
}

export const topLevelRoles = ['root', 'timestamp', 'snapshot', 'targets'] as const;
export type TopLevelRole = (typeof topLevelRoles)[number];

/** What every role's metadata says of itself (TUF specification §4.2). */
export interface Common {
  readonly version: number;
  readonly expires: Date;
}

export interface Root extends Common {
  /** Files have their version or hash in their names. */
  readonly consistentSnapshot: boolean;
  readonly roles: Readonly<Record<TopLevelRole, RoleKeys>>;
}

/** Which file is meant. Length and hashes may be left out for metadata; its version never is. */
export interface FileInfo {
  readonly length?: number;
  /** Hexadecimal, by algorithm; only algorithms that are known here. */
  readonly hashes: ReadonlyMap<HashName, string>;
}

export type HashName = 'sha256' | 'sha512';

export interface MetadataInfo extends FileInfo {
  readonly version: number;
}

export interface TargetInfo extends FileInfo {
  readonly path: string;
  readonly length: number;
}

export interface Timestamp extends Common {
  readonly snapshot: MetadataInfo;
}

export interface Snapshot extends Common {
  /** By file name: `targets.json`. */
  readonly meta: ReadonlyMap<string, MetadataInfo>;
}

/** A role that targets are delegated to, and which. */
export interface Delegation extends RoleKeys {
  readonly name: string;
  readonly terminating: boolean;
  /** Shell-style patterns of paths, or prefixes of the SHA-256 of a path in hexadecimal. */
  readonly paths: readonly string[];
  readonly pathHashPrefixes: readonly string[];
}

export interface Targets extends Common {
  readonly targets: ReadonlyMap<string, TargetInfo>;
  readonly delegations: readonly Delegation[];
}
