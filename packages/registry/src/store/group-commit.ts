/**
 * Runs `task` one at a time, and lets every caller that arrives while it runs share the one run after it. Fifty
 * clients pushing at once then cost a few disk flushes instead of fifty in a row.
 */
export function groupCommit(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  return () => {
    queued ??= (async () => {
      await running?.catch(() => {});
      running = queued;
      queued = undefined;
      await task();
    })();
    return queued;
  };
}
