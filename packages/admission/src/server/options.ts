import type { Decision, DecisionLogStats, Gate } from '@pratique/policy';
import type { TlsOptions } from './certificate.ts';
import type { Endpoint } from './metrics.ts';

export interface AdmissionLimits {
  /** Bytes of a request body. Default 10 MiB: an object is at most a few, and comes twice in an update. */
  readonly maxBodyBytes: number;
  /**
   * Bytes of all bodies under way together, from their arrival to the answer, beyond the first 64 KiB of each. Default
   * 64 MiB. A body that goes beyond it is refused with 503.
   */
  readonly bodiesBytes: number;
  /** Nesting of the JSON. Default 200. */
  readonly maxDepth: number;
  /**
   * Objects, arrays, members and items of the JSON, all counted. Default 300 000: an object of the largest size with all of
   * its managed fields has fewer, and ten times as many keep the webhook from everybody else for seconds.
   */
  readonly maxValues: number;
  /** Milliseconds until the body must have arrived. Default 5 000. */
  readonly bodyTimeoutMs: number;
  /** Connections at the same time; one more costs the address that has most of them one. Default 1 024. */
  readonly maxConnections: number;
  /** Milliseconds `close` waits for reviews under way. Default 10 000. */
  readonly closeMs: number;
}

export const defaultLimits: AdmissionLimits = {
  maxBodyBytes: 10 * 1024 * 1024,
  bodiesBytes: 64 * 1024 * 1024,
  maxDepth: 200,
  maxValues: 300_000,
  bodyTimeoutMs: 5_000,
  maxConnections: 1_024,
  closeMs: 10_000,
};

/** One review that was answered, for a log. */
export interface ReviewEvent {
  readonly endpoint: Endpoint;
  readonly uid: string;
  readonly operation: string;
  readonly decision: Decision;
  /** Why the gate was not asked, where it was not. */
  readonly skipped: string | undefined;
  readonly milliseconds: number;
}

/** Hears what the server does. Only `review` may throw. */
export interface AdmissionLog {
  /** Every decision. It is answered when this is done; when it fails, the request is refused as a fault instead. */
  review?(event: ReviewEvent): void | Promise<void>;
  /** Requests that could not be read, certificates that could not be reloaded, defects. */
  problem?(error: unknown): void;
  /** A certificate was exchanged. */
  certificate?(expires: Date): void;
}

export interface AdmissionOptions {
  readonly gate: Gate;
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly listen: string;
  readonly tls: TlsOptions;
  /**
   * Milliseconds until a decision must be there; what is not decided by then is denied with a reason. Keep it below
   * the webhook's `timeoutSeconds`; the API server's own `?timeout=` shortens it. Default 8 000.
   */
  readonly deadlineMs?: number;
  /** Pin digests in Deployments and the like too. Off by default: GitOps tools see the change as drift. */
  readonly mutateWorkloads?: boolean;
  readonly limits?: Partial<AdmissionLimits>;
  readonly log?: AdmissionLog;
  /** Of the decision log, for `/metrics`. */
  readonly decisionLogStats?: () => DecisionLogStats;
}
