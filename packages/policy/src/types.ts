import type { Digest } from '@pratique/oci';
import type { Check, Signer } from '@pratique/sigstore';
import type { RequiredAttestation } from './trust/types.ts';

/** `input.image` of a `pratique.image.*` policy: the facts about one image. JSON Schema: `docs/reference/facts.schema.json`. */
export interface ImageFacts {
  readonly schemaVersion: 1;
  /** RFC 3339 UTC: when the image was looked at. Ages are counted from here, and so is what has expired. */
  readonly collectedAt: string;
  /** `registry/repository[:tag]@digest`: what was asked for, with the digest it resolved to. */
  readonly reference: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest;
  readonly mediaType: string;
  /** `os/architecture[/variant]`, one for an image, one per manifest for an index. */
  readonly platforms: readonly string[];
  /** The image's configuration; null for an index, whose platforms each have their own. */
  readonly config: {
    readonly user: string;
    readonly entrypoint: readonly string[];
    readonly cmd: readonly string[];
    readonly env: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  } | null;
  /** Verified signatures only: every cryptographic check passed, whether or not the signer is one that is required. */
  readonly signatures: readonly SignatureFact[];
  readonly attestations: readonly AttestationFact[];
  /** Every authority of the trust configuration. */
  readonly authorities: Readonly<
    Record<
      string,
      {
        /** It has signed; or, where it must attest, made an attestation of every type. What these say is for policies. */
        readonly satisfied: boolean;
        /** What it must have attested to count; where this is empty, it must have signed. */
        readonly attestations: readonly RequiredAttestation[];
        /** Fingerprints of the keys, and identities, that signed or attested this image. */
        readonly by: readonly string[];
        /** Fingerprints of the keys, and identities, that would do. */
        readonly wanted: readonly string[];
        /** The one family of signatures it signs in, where that is not Cosign's: `notation`, `docker-content-trust`. */
        readonly format?: string;
      }
    >
  >;
  /** What the trust configuration asks of this image: one for every `images` entry that matches it; all must be met. */
  readonly requirements: readonly RequirementFact[];
  /** The whole configurations of the image by platform, there only where the policy of a requirement sees them. */
  readonly configFiles?: Readonly<Record<string, unknown>>;
  /**
   * The newest verified SBOM attestation by an authority that may sign this image; null when there is none. `problem`
   * says why its packages are not known; null where they are.
   */
  readonly sbom: {
    readonly predicateType: string;
    readonly document: unknown;
    readonly problem: string | null;
  } | null;
  /** What `sbom` lists; null where that is not known. */
  readonly packages: readonly PackageFact[] | null;
  /** The newest verified vulnerability scan by an authority that may sign this image; null when there is none. */
  readonly vulnerabilities: { readonly predicateType: string; readonly document: unknown } | null;
  /** About that scan; null when there is none. */
  readonly scan: ScanFact | null;
  /** What it found; null where that is not known. */
  readonly findings: readonly FindingFact[] | null;
  /** What tests of the image said, by authorities that may sign it. */
  readonly checks: readonly ChecksFact[];
  /** SLSA provenance by authorities that may sign this image. */
  readonly provenance: readonly ProvenanceFact[];
  /** Candidates that were looked at and refused. */
  readonly rejected: readonly {
    readonly format: string;
    readonly code: string;
    readonly message: string;
    readonly expected: string | null;
    readonly found: string | null;
  }[];
}

/** One `images` entry of the trust configuration, brought to its normal form: at least n of these authorities. */
export interface RequirementFact {
  /** Where it stands: `images[0]`; `command line` for what a caller asked for; `default` when nothing matched. */
  readonly entry: string;
  /** The pattern that matched. */
  readonly match: string;
  readonly mode: Mode;
  /** How many of `of` must have signed; 0 asks for no signature. */
  readonly atLeast: number;
  readonly of: readonly string[];
  /** A signature counts only if it carries these annotations with exactly these values. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Where no signature would do, why; else null. */
  readonly refusal: string | null;
  /** A policy about the authorities that count, which must be complied with, too; null where there is none. */
  readonly policy: RequiredPolicy | null;
}

/** The policy of a ClusterImagePolicy over what its authorities found (`spec.policy`), and what it is given to see. */
export interface RequiredPolicy {
  /** In `data.pratique.cluster_image_policy`. */
  readonly name: string;
  /** The authorities, under the names that the policy knows them by. */
  readonly authorities: Readonly<
    Record<
      string,
      {
        /** Its name here; null for one that lets through without a signature. */
        readonly name: string | null;
        /** Its attestations by name, with their predicate types as they were written; in the order of `authorities`. */
        readonly attestations: readonly { readonly name: string; readonly predicateType: string }[];
      }
    >
  >;
  readonly include: readonly ('config' | 'spec' | 'metadata' | 'typemeta')[];
}

export interface SignatureFact {
  readonly format: string;
  readonly signer: Signer;
  /** Names of the configured authorities this signature is by. */
  readonly authorities: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, only from a verified log entry or timestamp. */
  readonly signedAt: string | null;
  readonly log: { readonly id: string; readonly index: string } | null;
  readonly checks: readonly Check[];
  /** What policy-controller calls its id, and the blob it is in; there only where a policy of a requirement sees them. */
  readonly id?: string;
  readonly layer?: Digest | null;
}

export interface AttestationFact extends SignatureFact {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** One package that an SBOM lists. */
export interface PackageFact {
  /** The type of its package URL: `deb`, `npm`, …; null for a component without one. */
  readonly type: string | null;
  readonly name: string;
  readonly version: string | null;
  readonly purl: string | null;
  /** SPDX expressions or identifiers, else the words of the package. */
  readonly licenses: readonly string[];
  readonly supplier: string | null;
  /** The rules of `parameters.packages` and the `parameters.exceptions` that select it: `deny[0]`, `exceptions[2]`. */
  readonly rules: readonly string[];
  /** The rules of `parameters.packages.deny` that may or may not select it: what they ask for is not said of it. */
  readonly undecided: readonly string[];
}

/** A vulnerability scan. */
export interface ScanFact {
  /** The scanner, as it calls itself. */
  readonly scanner: string;
  readonly finishedAt: string | null;
  /** Whole days since then; null where it does not say when. */
  readonly ageDays: number | null;
  /** Whole days since its database was made; null where it does not say. */
  readonly databaseAgeDays: number | null;
  /** How many packages its database says nothing about; null where the scan does not say. */
  readonly uncovered: number | null;
  /** How many findings it leaves out, since nothing fixes them yet; null where it does not say. */
  readonly leftOut: number | null;
  /** Why its findings are not known; null where they are. */
  readonly problem: string | null;
}

/** One vulnerability that a scan found. */
export interface FindingFact {
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly severity: 'critical' | 'high' | 'medium' | 'low' | 'negligible' | 'unknown';
  readonly package: { readonly name: string; readonly version: string; readonly purl: string | null } | null;
  /** Whether there is a fix. */
  readonly fix: 'available' | 'none' | 'unknown';
  /** A version that fixes it; null where there is none, or none is known. */
  readonly fixedVersion: string | null;
  readonly published: string | null;
  /** Whole days since it was published; null where the scan does not say. */
  readonly ageDays: number | null;
  /** Whether it is known to be exploited (CISA KEV); null where the scanner does not know the catalogue. */
  readonly exploited: boolean | null;
  /** The `parameters.exceptions` that are about it: `exceptions[0]`. Whether they hold is for policies. */
  readonly exceptions: readonly string[];
}

/** One in-toto test-result. */
export interface ChecksFact {
  readonly authorities: readonly string[];
  /** Names of what the tests were configured with. */
  readonly configuration: readonly string[];
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  readonly passed: readonly string[];
  readonly warned: readonly string[];
  readonly failed: readonly string[];
}

/** What SLSA provenance says, v1 or v0.2. */
export interface ProvenanceFact {
  readonly authorities: readonly string[];
  readonly builder: string | null;
  readonly buildType: string | null;
  readonly finishedAt: string | null;
  /** What went into the build, with digests as `sha256:…`. */
  readonly materials: readonly { readonly uri: string | null; readonly digests: readonly string[] }[];
}

/** `warn`: whatever would be refused is allowed, and reported as a warning. */
export type Mode = 'enforce' | 'warn';

/** Why something was refused, and what to do about it. */
export interface Denial {
  /** `pratique.image.signed`, `pratique.request.…`, or `pratique` for what is decided before any policy (faults, trust). */
  readonly policy: string;
  /** Stable: from the error registry, or the policy's own `code`. */
  readonly code: string;
  /** True when no answer about the image could be had (registry down, deadline, broken policy); never an answer itself. */
  readonly fault: boolean;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly remedy: string | null;
  /** The image concerned, as written in the request, where it is one. */
  readonly image: string | null;
  /** `initContainers[0] "setup"`, where it is one; several are joined with `, `. */
  readonly container: string | null;
}

/** The one decision object: the CLI prints it, the webhook answers from it, the log stores it. JSON Schema: `docs/reference/decision.schema.json`. */
export interface Decision {
  readonly schemaVersion: 1;
  /** UUID version 7 (RFC 9562 §5.7): sorts by time. */
  readonly decisionId: string;
  /** RFC 3339 UTC. */
  readonly time: string;
  /** The strictest mode that was applied: with `warn`, everything that would be refused stands in `warnings`. */
  readonly mode: Mode;
  readonly allowed: boolean;
  readonly subject: {
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string | null;
    readonly images: readonly {
      /** As written. */
      readonly reference: string;
      /** What it resolved to; null where it could not be resolved or was exempt and not looked up. */
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
