import type { Digest } from '@pratique/oci';
import type { Check, Signer } from '@pratique/sigstore';

/** `input.image` of a `pratique.image.*` policy: the facts about one image. JSON Schema: `docs/reference/facts.schema.json`. */
export interface ImageFacts {
  readonly schemaVersion: 1;
  /** As written by the user, with the digest it resolved to. */
  readonly reference: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platforms: readonly string[];
  readonly config: {
    readonly user: string;
    readonly entrypoint: readonly string[];
    readonly cmd: readonly string[];
    readonly env: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  } | null;
  readonly signatures: readonly SignatureFact[];
  readonly attestations: readonly AttestationFact[];
  readonly authorities: Readonly<
    Record<
      string,
      { readonly satisfied: boolean; readonly by: readonly string[]; readonly wanted: readonly string[] }
    >
  >;
  readonly sbom: unknown;
  readonly vulnerabilities: unknown;
  readonly rejected: readonly {
    readonly format: string;
    readonly code: string;
    readonly message: string;
    readonly expected: string | null;
    readonly found: string | null;
  }[];
}

export interface SignatureFact {
  readonly format: string;
  readonly signer: Signer;
  readonly annotations: Readonly<Record<string, string>>;
  readonly signedAt: string | null;
  readonly log: { readonly id: string; readonly index: string } | null;
  readonly checks: readonly Check[];
}

export interface AttestationFact extends SignatureFact {
  readonly predicateType: string;
  readonly predicate: unknown;
}

export type Mode = 'enforce' | 'warn';

/** Why something was refused, and what to do about it. */
export interface Denial {
  /** `pratique.image.signed`, `pratique.request.…`, or `pratique` for what is decided before any policy (faults, trust). */
  readonly policy: string;
  /** Stable: from the error registry, or the policy's own `code`. */
  readonly code: string;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly remedy: string | null;
  /** The image concerned, where it is one. */
  readonly image: string | null;
  /** `initContainers[0] "setup"`, where it is one. */
  readonly container: string | null;
}

/** The one decision object: the CLI prints it, the webhook answers from it, the log stores it. */
export interface Decision {
  readonly schemaVersion: 1;
  readonly decisionId: string;
  /** RFC 3339 UTC. */
  readonly time: string;
  readonly mode: Mode;
  readonly allowed: boolean;
  readonly subject: {
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string | null;
    readonly images: readonly {
      readonly reference: string;
      readonly digest: Digest | null;
      readonly containers: readonly string[];
    }[];
  };
  readonly denials: readonly Denial[];
  readonly warnings: readonly Denial[];
  /** Facts by image reference as written; null where they could not be gathered. */
  readonly evidence: Readonly<Record<string, ImageFacts | null>>;
  readonly policyDigest: Digest;
  readonly trustDigest: Digest;
}
