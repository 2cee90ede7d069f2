import type { JsonObject, PublicKey, WitnessPolicy } from '@pratique/crypto';
import type { RootPin } from '@pratique/notary';
import type { TrustStatement } from '@pratique/notation';
import type { Digest, Keychain, Reference } from '@pratique/oci';
import type { Thresholds, TrustedIdentity, TrustedRoot } from '@pratique/sigstore';
import type { EngineChoice } from '../engine/choose.ts';
import type { PolicySource } from '../engine/sources.ts';
import type { DecisionLogConfig } from '../log/config.ts';
import type { Mode, RequiredPolicy } from '../types.ts';
import type { ImageGlob } from './glob.ts';
import type { ObjectSelector } from './objects.ts';
import type { PolicyParameters } from './parameters.ts';

/** Who may sign, and what: any one of these keys, any one of these identities, whom Notation trusts, or roles of content trust. */
export interface Authority {
  readonly name: string;
  readonly keys: readonly PublicKey[];
  readonly identities: readonly TrustedIdentity[];
  /** Whose signatures of the Notary Project count; of several statements, the one about the repository. */
  readonly notation?: readonly [ScopedStatement, ...ScopedStatement[]];
  /** Which roles of Docker Content Trust sign tags for it. */
  readonly contentTrust?: ContentTrust;
  /** What it must have attested, all of it, to count; where this is empty, it must have signed. */
  readonly attestations: readonly RequiredAttestation[];
  /** Where its signatures are kept, and count from alone. Absent: beside the image. */
  readonly sources?: readonly [SignatureSource, ...SignatureSource[]];
  /** Logs and certificates that prove its signatures. Authorities with the same object are verified together. */
  readonly vouching: Vouching;
}

/** Where tags are signed with Docker Content Trust, and by whom. */
export interface ContentTrust {
  /** The Notary server; null where Docker looks for it. */
  readonly server: string | null;
  /** What makes the root of a repository trusted; never the first use. */
  readonly root: RootPin;
  /** The first of them that has a tag says what it is. */
  readonly roles: readonly string[];
  /** The directory where is kept what was seen; null as long as the process lives. */
  readonly state: string | null;
}

/** A statement of a trust policy of Notation, and the repositories it is about. */
export interface ScopedStatement extends TrustStatement {
  /** `*`, or repositories whose registry is in its one spelling. */
  readonly registryScopes: readonly string[];
}

/** A place for signatures other than the usual one. */
export interface SignatureSource {
  /** Null is the image's own. */
  readonly repository: Reference | null;
  /** Before the names of Cosign's tags; may be empty. */
  readonly tagPrefix: string;
  /** Whose credentials are used for it, instead of those used for images; null for these. */
  readonly pullSecrets: PullSecrets | null;
}

/** Kubernetes secrets with credentials for a registry. */
export interface PullSecrets {
  readonly names: readonly string[];
  /** What is in them, where the files hold them; null where they are in the namespace of the request. */
  readonly keychain: Keychain | null;
}

export interface RequiredAttestation {
  /** The predicate type, a URI. */
  readonly predicateType: string;
  /** Name of the policy in `data.pratique.attestation` that the statement must comply with; null where any will do. */
  readonly policy: string | null;
}

/** What proves a signature beside its key: a trusted root, and how many of its witnesses are needed. */
export interface Vouching extends TrustedRoot {
  readonly thresholds: Thresholds;
  /** Who must have cosigned the checkpoints of its logs; nobody where this is absent. */
  readonly witnesses?: WitnessPolicy;
}

/** A trusted root by the file it is in, and whose cosignatures its logs need. */
export interface LogTrust extends TrustedRoot {
  readonly trustedRoot: string;
  readonly witnesses?: WitnessPolicy;
}

/** One `images` entry: an image that matches must be signed by at least `atLeast` of the authorities `of`. */
export interface TrustEntry {
  /** `images[0]` */
  readonly entry: string;
  readonly match: readonly ImageGlob[];
  readonly exclude: readonly ImageGlob[];
  /** It holds in objects that one of them selects; in every object where there is none. */
  readonly objects: readonly ObjectSelector[];
  readonly mode: Mode;
  readonly atLeast: number;
  readonly of: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Where no signature would do, why; else null. */
  readonly refusal: string | null;
  /** What must be said of the authorities that count, too; null where they are enough. */
  readonly policy: RequiredPolicy | null;
}

/** Images that are let through without being looked up. */
export interface Exemption {
  /** `exempt[0]` */
  readonly entry: string;
  readonly match: readonly ImageGlob[];
  readonly reason: string;
}

/** A trust configuration, checked: who may sign what, and what happens otherwise. */
export interface Trust {
  readonly authorities: ReadonlyMap<string, Authority>;
  readonly images: readonly TrustEntry[];
  /** What happens to an image no entry matches. */
  readonly default: 'deny' | 'warn' | 'allow';
  /** Of requests that concern no image, and of `images` entries that give none. */
  readonly mode: Mode;
  readonly exempt: readonly Exemption[];
  readonly parameters: PolicyParameters;
  /** `data.site` of policies. */
  readonly site: JsonObject;
  /** Policies of ClusterImagePolicies and of their attestations, that the trust configuration itself holds. */
  readonly ownPolicies: readonly PolicySource[];
  /** Absolute paths of policy files and folders to load beside the ones that come with Pratique. */
  readonly policies: readonly string[];
  /**
   * Where given, every signature must be in one of these transparency logs, which are never none; and certificates of
   * identities are by these authorities.
   */
  readonly log: LogTrust | null;
  /** Who evaluates policies. Part of `policyDigest`, not of this digest. */
  readonly engine: EngineChoice;
  /** Where decisions are logged; null where nowhere is said. */
  readonly decisionLog: DecisionLogConfig | null;
  /** Of the canonical JSON of everything above but `policies`, `engine` and `decisionLog`, with keys by fingerprint: the same trust, the same digest. */
  readonly digest: Digest;
}
