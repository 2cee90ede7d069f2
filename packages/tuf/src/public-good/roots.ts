import type { JsonObject } from '@pratique/crypto';
import root from './root.json' with { type: 'json' };
import stagingRoot from './staging-root.json' with { type: 'json' };
import stagingTrustedRoot from './staging-trusted-root.json' with { type: 'json' };
import trustedRoot from './trusted-root.json' with { type: 'json' };

/** The repository of a Sigstore, and the root that is trusted to begin with. */
export interface KnownRepository {
  readonly mirror: string;
  readonly root: Uint8Array;
  /** What its `trusted_root.json` was when this program was made: for who never was online. */
  readonly trustedRoot: Uint8Array;
}

const bytesOf = (document: JsonObject) => new TextEncoder().encode(JSON.stringify(document));

/** The public-good Sigstore: version 14 of its root, which its key holders signed in public (docs/trusted-roots.md). */
export const publicGood: KnownRepository = {
  mirror: 'https://tuf-repo-cdn.sigstore.dev',
  root: bytesOf(root),
  trustedRoot: bytesOf(trustedRoot),
};

/** The Sigstore on which the public-good one is tried out: version 13 of its root. */
export const staging: KnownRepository = {
  mirror: 'https://tuf-repo-cdn.sigstage.dev',
  root: bytesOf(stagingRoot),
  trustedRoot: bytesOf(stagingTrustedRoot),
};
