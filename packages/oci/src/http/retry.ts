import { setTimeout as delay } from 'node:timers/promises';
import { discard } from './body.ts';
import type { HttpResponse } from './exchange.ts';
import { abortFault, isBrokenConnection } from './faults.ts';
import type { HttpLimits, RetryPolicy } from './options.ts';

// 500 among them: docker-registry answers it while another writer replaces a tag.
const retryStatuses = [408, 429, 500, 502, 503, 504];

/**
 * Milliseconds a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date); undefined where it says nothing.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Random delay before try number `attempt` + 1 ("full jitter"): many clients must not come back at once. */
export function backOffMs(policy: RetryPolicy, attempt: number): number {
  return Math.random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
}

/** Waits, or throws the fault the signal stands for. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw abortFault(signal!, 'waiting to try again');
  }
}

/**
 * Tries an idempotent operation again while its answer is a passing error (408, 429, 500, 502, 503, 504) or its
 * connection breaks. The last
 * answer is returned as it is, the last fault thrown. A `Retry-After` longer than the policy's longest delay is not
 * waited for.
 */
export async function withRetry(
  policy: RetryPolicy,
  limits: HttpLimits,
  signal: AbortSignal | undefined,
  operation: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    let wait = backOffMs(policy, attempt);
    try {
      const response = await operation();
      if (!retryStatuses.includes(response.status) || attempt >= policy.attempts) return response;
      const asked = retryAfterMs(response.headers['retry-after'], Date.now());
      if (asked !== undefined) {
        if (asked > policy.maxDelayMs) return response;
        wait = asked + backOffMs(policy, 1);
      }
      await discard(response, limits);
    } catch (error) {
      if (!isBrokenConnection(error) || attempt >= policy.attempts) throw error;
    }
    await pause(wait, signal);
  }
}

/**
 * Does something in two steps and begins again where the connection breaks during the second: when a body was cut off
 * on its way. Failures of the first step are final, its own retries were made.
 */
export async function retryAfterBreak<Started, Result>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  start: () => Promise<Started>,
  finish: (started: Started) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const started = await start();
    try {
      return await finish(started);
    } catch (error) {
      if (!isBrokenConnection(error) || attempt >= policy.attempts) throw error;
    }
    await pause(backOffMs(policy, attempt), signal);
  }
}
