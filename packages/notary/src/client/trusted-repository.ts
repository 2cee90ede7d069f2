import type { PratiqueError } from '@pratique/errors';
import type { SignedTag } from '../metadata/types.ts';

/** A role and who signs for it. */
export interface KnownRole {
  readonly name: string;
  /** Canonical ids of its keys. */
  readonly keyIds: readonly string[];
}

/** A role whose file is believed. */
export interface TrustedRole extends KnownRole {
  readonly version: number;
  readonly expires: Date;
  /** Canonical ids of the keys that signed what stands there now. */
  readonly signedBy: readonly string[];
  /** Only tags that the role may sign, by its delegation and by those above it. */
  readonly tags: ReadonlyMap<string, SignedTag>;
}

/** What a Notary server says about a repository, verified. */
export interface TrustedRepository {
  /** As Docker names it: `docker.io/library/alpine`. */
  readonly repository: string;
  readonly root: KnownRole & {
    /** Ids of the certificates that its keys are in: what `docker trust inspect` prints of the root. */
    readonly certificateIds: readonly string[];
    readonly version: number;
    readonly expires: Date;
  };
  /** When the server's timestamp ends: until then, what it says may be the newest there is. */
  readonly fresh: Date;
  /** Targets and what it delegates to, by name. */
  readonly roles: ReadonlyMap<string, TrustedRole>;
  /** Every role that tags are delegated to, also one that has not signed anything. */
  readonly delegations: readonly KnownRole[];
  /** Delegated roles whose files are not believed, and why; `paths` are beginnings of the tags that they might have signed. */
  readonly problems: ReadonlyMap<
    string,
    { readonly error: PratiqueError; readonly paths: readonly string[] }
  >;
}
