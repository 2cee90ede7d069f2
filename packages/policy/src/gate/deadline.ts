import type { PratiqueError } from '@pratique/errors';
import { policyErrors } from '../errors.ts';

/** How far the work on one image has come, for the message when it is late. */
export interface Progress {
  /** What is being waited for: `the registry to resolve localhost:5000/app:1`. */
  step: string;
}

/** A moment after which nobody waits any more. */
export interface Deadline {
  /**
   * Starts the work and settles as it does, or rejects with DEADLINE_EXCEEDED. Work once started goes on, for the
   * next request's sake; after the deadline none is started.
   */
  wait<T>(start: () => Promise<T>, progress: Progress): Promise<T>;
  /** Frees the timer. */
  done(): void;
}

/** A deadline `milliseconds` from now; `signal`, where given, ends it sooner. */
export function startDeadline(milliseconds: number, signal?: AbortSignal): Deadline {
  const waiting = new Set<() => void>();
  let over = signal?.aborted ?? false;
  const end = (): void => {
    over = true;
    for (const reject of waiting) reject();
  };
  const timer = setTimeout(end, milliseconds);
  signal?.addEventListener('abort', end, { once: true });
  return {
    wait: (start, progress) =>
      new Promise((resolve, reject) => {
        const late = (): void => reject(lateError(milliseconds, progress));
        if (over) return late();
        waiting.add(late);
        start()
          .then(resolve, reject)
          .finally(() => waiting.delete(late));
      }),
    done: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}

function lateError(milliseconds: number, { step }: Progress): PratiqueError {
  return policyErrors.error('DEADLINE_EXCEEDED', {
    message: `no decision within ${milliseconds} ms: still waiting for ${step}`,
    expected: `an answer within ${milliseconds} ms`,
    found: `still waiting for ${step}`,
  });
}
