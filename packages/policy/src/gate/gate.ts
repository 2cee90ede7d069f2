import type { NamespaceSecrets } from '@pratique/oci';
import { createRegoEngine } from '../engine/rego.ts';
import type { PolicySource } from '../engine/sources.ts';
import type { Finding, PolicyEngine } from '../engine/types.ts';
import type { AdmittedObject } from '../trust/objects.ts';
import type { Trust } from '../trust/types.ts';
import type { Decision } from '../types.ts';
import { type CacheStats, DecisionCache } from './cache.ts';
import { contentTrustStation, type NotaryAccess } from './content-trust.ts';
import { cosignStation } from './cosign.ts';
import { composeDecision } from './decision.ts';
import { type Admitted, examineImages } from './examine.ts';
import type { Lookup } from './lookup.ts';
import { MemoryBudget } from './memory.ts';
import { notationStation } from './notation.ts';
import { evaluateRequest } from './request.ts';
import type { OpenRepository, Station } from './stations.ts';
import { TagCache } from './tags.ts';

export interface GateOptions {
  readonly trust: Trust;
  /** Policies beside the ones that come with Pratique. The paths trust names are not read here: see `loadPolicies`. */
  readonly policies?: readonly PolicySource[];
  /** Default: the embedded Rego engine with `policies`. */
  readonly engine?: PolicyEngine;
  readonly openRepository: OpenRepository;
  /** Finds pull secrets that authorities name; without it only those are used that the trust configuration's files hold. */
  readonly namespaceSecrets?: NamespaceSecrets;
  /** How Notary servers are reached. Default: with Docker's credentials, and proxies of `process.env`. */
  readonly notary?: NotaryAccess;
  /** Families of signatures that are looked for. Default: Cosign's, in all its formats, Notation's, and Docker Content Trust. */
  readonly stations?: readonly Station[];
  /** May be shared with gates of other trust or policies, but of the same stations. Default: one of its own. */
  readonly cache?: DecisionCache;
  /** How long a tag may be taken for what it was; 0, the default, asks the registry every time. */
  readonly tagTtlMs?: number;
  /**
   * Images of a request on an address that each machine has for itself (loopback, link-local): the node would pull them from
   * its own, and the gate can ask its own only. `ask` where both are one machine. Default `refuse`.
   */
  readonly localRegistries?: 'refuse' | 'ask';
  /** How long a caller who gives no `deadlineMs` waits. Default 30 000. */
  readonly deadlineMs?: number;
  /** Distinct images of one request. Default 200. */
  readonly maxImages?: number;
  /**
   * Bytes of evidence that are in memory at once, of all images that are looked up; further ones wait. Also what the facts
   * about the images of one request may take. Default 512 MiB.
   */
  readonly maxEvidenceBytes?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** Hears of errors that are defects: their text is not put into decisions. */
  readonly onInternalError?: (error: unknown) => void;
}

/** An image of a request and where it stands. */
export interface ContainerImage {
  /** As written in the object. */
  readonly reference: string;
  /** `initContainers[0] "setup"` */
  readonly container: string;
}

/** A request to decide about. */
export interface GateRequest {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string | null;
  /** `input.request` of request policies: the `request` of an AdmissionReview. */
  readonly input: object;
  /** What would be admitted; null where there is none, so that what is asked of images in any object is asked. */
  readonly object: AdmittedObject | null;
}

export interface CheckOptions {
  /** Milliseconds until the answer must be there; images not decided by then are refused as faults. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Decides. Never throws for what is wrong with an image, a registry or a policy: that is a decision, too. */
export interface Gate {
  readonly trust: Trust;
  readonly engine: PolicyEngine;
  readonly cacheStats: CacheStats;
  /** May this image be deployed, in any object? Image policies only. Who asks is taken to be where it is pulled. */
  checkImage(reference: string, options?: CheckOptions): Promise<Decision>;
  /** May this request pass? Image policies for every image, then the request policies. */
  reviewRequest(
    request: GateRequest,
    images: readonly ContainerImage[],
    options?: CheckOptions,
  ): Promise<Decision>;
  /** A decision that asks no policy: allowed, unless there is a refusal (and the trust configuration enforces). */
  settle(request: Omit<GateRequest, 'object'>, refusals: readonly Finding[]): Decision;
}

/**
 * Makes the gate: trust, policies and a way to registries in, decisions out (docs/architecture.md, "the road").
 *
 * @throws POLICY_INVALID for policies that do not compile
 */
export function createGate(options: GateOptions): Gate {
  const { trust, policies = [], engine = createRegoEngine({ trust, policies }) } = options;
  const { clock = Date.now, tagTtlMs = 0, deadlineMs = 30_000, maxImages = 200 } = options;
  const { maxEvidenceBytes = 512 * 1024 * 1024, localRegistries = 'refuse' } = options;
  const cache = options.cache ?? new DecisionCache({ clock });
  const lookup: Lookup = {
    trust,
    engine,
    openRepository: options.openRepository,
    namespaceSecrets: options.namespaceSecrets,
    stations: options.stations ?? [
      cosignStation,
      notationStation,
      contentTrustStation(options.notary ?? { environment: process.env }),
    ],
    cache,
    tags: tagTtlMs > 0 ? new TagCache(tagTtlMs, clock) : undefined,
    memory: new MemoryBudget(maxEvidenceBytes),
    gatherTimeoutMs: 30_000,
    clock,
  };
  const onInternalError = options.onInternalError ?? (() => {});
  const examine = (
    images: readonly ContainerImage[],
    admitted: Admitted,
    refusesLocal: boolean,
    check: CheckOptions,
  ) =>
    examineImages(lookup, images, admitted, {
      refusesLocal,
      deadlineMs: check.deadlineMs ?? deadlineMs,
      signal: check.signal,
      maxImages,
      maxFactsBytes: maxEvidenceBytes,
      onInternalError,
    });
  return {
    trust,
    engine,
    get cacheStats() {
      return cache.stats;
    },
    async checkImage(reference, check = {}) {
      const examined = await examine(
        [{ reference, container: '' }],
        { object: null, namespace: null },
        false,
        check,
      );
      const subject = { kind: 'Image', namespace: null, name: reference };
      return composeDecision({ trust, engine, now: clock(), subject, examined, findings: undefined });
    },
    async reviewRequest(request, images, check = {}) {
      const started = performance.now();
      const examined = await examine(images, request, localRegistries === 'refuse', check);
      const findings = await evaluateRequest(engine, request.input, examined, {
        remainingMs: (check.deadlineMs ?? deadlineMs) - (performance.now() - started),
        signal: check.signal,
        onInternalError,
      });
      return composeDecision({
        trust,
        engine,
        now: clock(),
        subject: subjectOf(request),
        examined,
        findings,
      });
    },
    settle(request, refusals) {
      const findings = { deny: refusals, warn: [] };
      const subject = subjectOf(request);
      return composeDecision({ trust, engine, now: clock(), subject, examined: [], findings });
    },
  };
}

function subjectOf({ kind, namespace, name }: Omit<GateRequest, 'object'>): {
  kind: string;
  namespace: string | null;
  name: string | null;
} {
  return { kind, namespace, name };
}
