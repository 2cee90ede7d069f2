import { randomUUID } from 'node:crypto';
import { loadPolicies } from '../engine/sources.ts';
import type { Decision } from '../types.ts';
import type { DecisionLogConfig } from './config.ts';
import { type DecisionContext, decisionEvent } from './event.ts';
import { FileSink } from './file.ts';
import { HttpSink } from './http.ts';
import { logRules } from './rules.ts';
import type { LogSink } from './sink.ts';

/** Why an event is not where it should be: OPA's counters, and ours for files and the console. */
export type LostReason = 'buffer_full' | 'too_large' | 'not_uploaded' | 'not_written';

export interface DecisionLogStats {
  /** Events that were logged, after drop rules. */
  readonly logged: number;
  /** Events that `data.system.log.drop` dropped. */
  readonly dropped: number;
  readonly lost: Readonly<Record<LostReason, number>>;
}

export interface DecisionLogOptions {
  /** Where the console's lines go. Returns false for one that nobody reads, which is lost. */
  readonly console: (line: string) => boolean;
  /** Hears of rules that failed and of events that are lost; never of what is in them. */
  readonly onProblem: (error: Error) => void;
}

/** Where decisions are logged. */
export interface DecisionLog {
  /**
   * Logs a decision. Resolves when it may be answered: with a `sync` file, when it is on the disk.
   *
   * @throws LOG_WRITE_FAILED with a `sync` file that cannot be written: the decision must not be answered
   */
  log(decision: Decision, context?: DecisionContext): Promise<void>;
  readonly stats: DecisionLogStats;
  /** Writes and uploads what waits; resolves after some seconds at most. */
  close(): Promise<void>;
}

/**
 * Opens the decision log of a trust configuration.
 *
 * @throws POLICY_INVALID, POLICY_UNREADABLE for its rules; SERVICE_ADDRESS_INVALID
 */
export function openDecisionLog(config: DecisionLogConfig, options: DecisionLogOptions): DecisionLog {
  const labels = { ...config.labels, id: randomUUID() };
  const rule = logRules(loadPolicies(config.policies));
  const stats = {
    logged: 0,
    dropped: 0,
    lost: { buffer_full: 0, too_large: 0, not_uploaded: 0, not_written: 0 },
  };
  const lose = (reason: LostReason, events: number): void => {
    stats.lost[reason] += events;
  };
  const sinks: LogSink[] = [];
  if (config.file !== null) sinks.push(new FileSink(config.file));
  if (config.http !== null)
    sinks.push(new HttpSink({ ...config.http, onProblem: options.onProblem, onLost: lose }));
  return {
    stats,
    async log(decision, context = {}) {
      const ruled = rule(decisionEvent(decision, context, labels));
      if (ruled.kind === 'drop') {
        stats.dropped++;
        return;
      }
      if (ruled.problem !== undefined) options.onProblem(ruled.problem);
      stats.logged++;
      const line = JSON.stringify(ruled.event);
      if (config.console && !options.console(line)) lose('not_written', 1);
      const waits: Promise<void>[] = [];
      for (const sink of sinks) {
        const written = sink.write(line).catch((error: Error) => {
          lose('not_written', 1);
          options.onProblem(error);
          if (sink.waits) throw error;
        });
        if (sink.waits) waits.push(written);
      }
      await Promise.all(waits);
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
