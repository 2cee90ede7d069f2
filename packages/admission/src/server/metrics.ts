import type { CacheStats, Decision, DecisionLogStats } from '@pratique/policy';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Endpoint = 'validate' | 'mutate';
/** `fault`: denied for lack of an answer. `error`: the request could not be read. */
export type Outcome = 'allowed' | 'denied' | 'fault' | 'skipped' | 'error';

/** Codes come from policies, too; a policy that makes them up must not fill the memory. */
const maxCodes = 200;

/** What `/metrics` shows. */
export interface Metrics {
  reviewed(endpoint: Endpoint, outcome: Outcome, milliseconds: number): void;
  decided(decision: Decision): void;
  certificateExpires(when: Date): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(
  cache: () => CacheStats,
  inFlight: () => number,
  decisionLog?: () => DecisionLogStats,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const reviews = new Counter({
    name: 'pratique_admission_reviews_total',
    help: 'Admission reviews answered, by endpoint and outcome.',
    labelNames: ['endpoint', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'pratique_admission_review_duration_seconds',
    help: 'Time from the end of the request body to the answer.',
    labelNames: ['endpoint'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 5, 10, 30],
    registers,
  });
  const codes = new Counter({
    name: 'pratique_admission_findings_total',
    help: 'Denials and warnings of decisions, by code.',
    labelNames: ['kind', 'code'],
    registers,
  });
  const expiry = new Gauge({
    name: 'pratique_tls_certificate_expiry_timestamp_seconds',
    help: 'When the serving certificate expires.',
    registers,
  });
  new Gauge({
    name: 'pratique_admission_reviews_in_flight',
    help: 'Admission reviews being answered now.',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    name: 'pratique_verdict_cache_entries',
    help: 'Verdicts about images that are kept.',
    registers,
    collect() {
      this.set(cache().entries);
    },
  });
  new Counter({
    name: 'pratique_verdict_cache_lookups_total',
    help: 'Lookups of verdicts: kept, joined to one under way, or made.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      const { hits, joined, misses } = cache();
      this.inc({ result: 'hit' }, hits);
      this.inc({ result: 'joined' }, joined);
      this.inc({ result: 'miss' }, misses);
    },
  });
  if (decisionLog !== undefined) {
    new Counter({
      name: 'pratique_decision_log_events_total',
      help: 'Decisions by what became of them in the decision log: logged, dropped by a rule, or lost.',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        const { logged, dropped, lost } = decisionLog();
        for (const [result, events] of Object.entries({ logged, dropped, ...lost }))
          this.inc({ result }, events);
      },
    });
  }
  const seen = new Set<string>();
  const labelOf = (code: string): string => {
    if (!seen.has(code) && seen.size >= maxCodes) return 'OTHER';
    seen.add(code);
    return code;
  };
  // Looking a child up by its labels costs more than counting: once is enough.
  const durationChildren = { validate: durations.labels('validate'), mutate: durations.labels('mutate') };
  const reviewChildren = new Map<string, Counter.Internal>();
  const reviewChild = (endpoint: Endpoint, outcome: Outcome): Counter.Internal => {
    const key = `${endpoint} ${outcome}`;
    const child = reviewChildren.get(key) ?? reviews.labels(endpoint, outcome);
    reviewChildren.set(key, child);
    return child;
  };
  return {
    reviewed(endpoint, outcome, milliseconds) {
      reviewChild(endpoint, outcome).inc();
      durationChildren[endpoint].observe(milliseconds / 1000);
    },
    decided({ denials, warnings }) {
      for (const { code } of denials) codes.inc({ kind: 'denial', code: labelOf(code) });
      for (const { code } of warnings) codes.inc({ kind: 'warning', code: labelOf(code) });
    },
    certificateExpires: (when) => expiry.set(when.getTime() / 1000),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
