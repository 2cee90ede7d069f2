import { setImmediate as turn } from 'node:timers/promises';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does what takes long without giving way. JavaScript, which listens to signals, does not run meanwhile: for as long the
 * system does with them what it does without listeners, which is to end the process.
 *
 * A signal that came before and was not heard yet is lost: see `hearSignals`.
 *
 * @param work synchronous, and nothing has to be tidied up after it
 */
export function endedBySignals<Result>(work: () => Result): Result {
  const listeners = signals.map((signal) => ({ signal, kept: process.rawListeners(signal) }));
  for (const { signal } of listeners) process.removeAllListeners(signal);
  try {
    return work();
  } finally {
    for (const { signal, kept } of listeners)
      for (const listener of kept) process.on(signal, listener as NodeJS.SignalsListener);
  }
}

/**
 * Lets the listeners of signals run that have come already: what follows may take them away, and with them what they have
 * not heard.
 *
 * @throws why `signal` was aborted
 */
export async function hearSignals(signal: AbortSignal): Promise<void> {
  await turn();
  signal.throwIfAborted();
}
