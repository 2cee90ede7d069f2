import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Services } from './services.ts';

/** Services by the beginning of their paths, longest first. */
const services = [
  ['/api/v1/timestamp', 'tsa'],
  ['/api/v1/search', 'search'],
  ['/api/v1/signingCert', 'fulcio'],
  ['/api/v1/rootCert', 'fulcio'],
  ['/api/v2/signingCert', 'fulcio'],
  ['/api/v2/trustBundle', 'fulcio'],
  ['/api/v2/configuration', 'fulcio'],
  ['/api/v1', 'rekor'],
  ['/api/v2', 'rekor-v2'],
  ['/ct/', 'ctlog'],
  ['/tiles/', 'tiles'],
  ['/oidc/', 'oidc'],
  ['/tuf/', 'tuf'],
] as const;

/** What `/metrics` shows. No label comes from a client. */
export interface Metrics {
  /** Counts an answer. */
  answered(path: string, status: number, milliseconds: number): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics({
  logs,
  publication,
  authorities,
  timestamps,
  witnesses,
}: Pick<Services, 'logs' | 'publication' | 'authorities' | 'timestamps' | 'witnesses'>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'pratique_sigstore_requests_total',
    help: 'Requests answered, by service and class of status.',
    labelNames: ['service', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'pratique_sigstore_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['service'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  new Gauge({
    name: 'pratique_sigstore_log_entries',
    help: 'Entries on disk, by log. Those of ctlog are the certificates issued.',
    labelNames: ['log'],
    registers,
    collect() {
      for (const [log, { tree }] of Object.entries(logs)) this.set({ log }, tree.size);
    },
  });
  new Gauge({
    name: 'pratique_sigstore_log_writable',
    help: '0 for a log whose disk failed: it takes nothing more.',
    labelNames: ['log'],
    registers,
    collect() {
      for (const [log, { writable }] of Object.entries(logs)) this.set({ log }, writable ? 1 : 0);
    },
  });
  new Gauge({
    name: 'pratique_sigstore_tuf_expiry_timestamp_seconds',
    help: 'When the published TUF metadata expires, by role. It is signed anew at half of its life.',
    labelNames: ['role'],
    registers,
    collect() {
      for (const [role, end] of Object.entries(publication.expiries))
        this.set({ role }, end.getTime() / 1000);
    },
  });
  new Gauge({
    name: 'pratique_sigstore_tuf_renewal_failing',
    help: '1 when TUF metadata could not be signed anew at the last try.',
    registers,
    collect() {
      this.set(publication.fault === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'pratique_sigstore_authority_expiry_timestamp_seconds',
    help: 'When the certificate in use expires, by authority: rotate it before.',
    labelNames: ['authority'],
    registers,
    collect() {
      const now = new Date();
      const ends = { fulcio: authorities.at(now).intermediate, tsa: timestamps.at(now).leaf };
      for (const [authority, { validUntil }] of Object.entries(ends))
        this.set({ authority }, validUntil.getTime() / 1000);
    },
  });
  new Gauge({
    name: 'pratique_sigstore_witness_answering',
    help: '0 for a witness whose last answer was no cosignature. Witnesses are those of the witness policy.',
    labelNames: ['log', 'witness'],
    registers,
    collect() {
      for (const [log, { faults }] of Object.entries(witnesses))
        for (const [witness, fault] of faults) this.set({ log, witness }, fault === undefined ? 1 : 0);
    },
  });
  return {
    answered(path, status, milliseconds) {
      const service = services.find(([beginning]) => path.startsWith(beginning))?.[1] ?? 'other';
      requests.inc({ service, status: `${Math.floor(status / 100)}xx` });
      durations.observe({ service }, milliseconds / 1000);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
