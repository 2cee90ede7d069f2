import type { Terminal } from './terminal.ts';

/** What is running: addresses by name, and how to stop it. */
export interface Running {
  readonly urls: Readonly<Record<string, string>>;
  /** Finishes what is in flight, then stops. */
  close(): Promise<void>;
}

/** Says on one line of standard output that the servers are ready, waits for SIGINT or SIGTERM, and stops them. */
export async function serveUntilStopped(
  running: Running,
  output: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const list = Object.entries(running.urls).map(([name, url]) => `${name} ${url}`);
  terminal.out(
    output === 'json'
      ? `${JSON.stringify({ ready: true, urls: running.urls })}\n`
      : `ready: ${list.join(', ')}\n`,
  );
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await running.close();
  return 0;
}
