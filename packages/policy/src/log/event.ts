import type { JsonObject, JsonValue } from '@pratique/crypto';
import type { Decision } from '../types.ts';

/** One decision in the shape of OPA's decision log (https://www.openpolicyagent.org/docs/management-decision-logs). */
export interface DecisionEvent {
  readonly labels: Readonly<Record<string, string>>;
  readonly decision_id: string;
  /** Revisions are the digests of policies and trust. */
  readonly bundles: Readonly<Record<string, { readonly revision: string }>>;
  /** `pratique/request`, or `pratique/image` for an image asked about by itself. */
  readonly path: string;
  /** What was asked. Left out when masked as a whole. */
  readonly input?: JsonValue;
  /** What was decided. Left out when masked as a whole. */
  readonly result?: JsonValue;
  /** Paths that a mask rule has removed, or replaced. */
  readonly erased?: readonly string[];
  readonly masked?: readonly string[];
  /** RFC 3339. */
  readonly timestamp: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** How a decision came about. */
export interface DecisionContext {
  /** The review's `uid`, `operation` and the like: what is not part of the decision. */
  readonly request?: JsonObject;
  readonly milliseconds?: number;
}

/**
 * The event of a decision. The object of the request and the evidence are not part of it: environment variables of
 * Pods hold secrets, and SBOMs are megabytes.
 */
export function decisionEvent(
  decision: Decision,
  { request, milliseconds }: DecisionContext,
  labels: Readonly<Record<string, string>>,
): DecisionEvent {
  const { decisionId, time, subject, allowed, mode, denials, warnings, policyDigest, trustDigest } = decision;
  const input = { ...(request === undefined ? {} : { request }), subject };
  return {
    labels,
    decision_id: decisionId,
    bundles: { policies: { revision: policyDigest }, trust: { revision: trustDigest } },
    path: subject.kind === 'Image' && request === undefined ? 'pratique/image' : 'pratique/request',
    // A copy: masks change it.
    input: structuredClone(input) as unknown as JsonValue,
    result: structuredClone({ allowed, mode, denials, warnings }) as unknown as JsonValue,
    timestamp: time,
    ...(milliseconds === undefined
      ? {}
      : { metrics: { timer_server_handler_ns: Math.round(milliseconds * 1e6) } }),
  };
}
