const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does what takes long without giving way. JavaScript, which listens to signals, does not run meanwhile: for as long the
 * system does with them what it does without listeners, which is to end the process.
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
