import type { ServiceAddress } from '../http/service.ts';

/** Where decisions are logged: `decisionLog` of the trust configuration (docs/reference/decision-log.md). */
export interface DecisionLogConfig {
  /** One line of JSON for each decision on standard error. */
  readonly console: boolean;
  readonly file: FileLogConfig | null;
  readonly http: HttpLogConfig | null;
  /** Added to every event, beside `id`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Rego files and folders with `data.system.log.mask` and `data.system.log.drop`. */
  readonly policies: readonly string[];
}

export interface FileLogConfig {
  readonly path: string;
  /** A decision is on the disk before it is answered; one that cannot be written is refused. */
  readonly sync: boolean;
  /** Then the file is renamed to `PATH.1` and a new one begun. */
  readonly maxMiB: number;
  /** How many old files are kept. */
  readonly keep: number;
}

export interface HttpLogConfig extends ServiceAddress {
  /** `/logs/PARTITION` instead of `/logs`. */
  readonly partition?: string | undefined;
  /** Bytes of one upload, compressed. */
  readonly chunkBytes: number;
  /** Events that wait to be uploaded; beyond that the oldest are dropped, and counted. */
  readonly bufferedEvents: number;
  /** Milliseconds an event waits at most for others to be uploaded with. */
  readonly delayMs: number;
}
