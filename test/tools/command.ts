import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';

/** What a command prints on both streams, or undefined when it cannot be started or fails. */
export function capture(command: string, args: readonly string[]): string | undefined {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 30_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return result.status === 0 ? `${result.stdout}${result.stderr}` : undefined;
}

/** A tool's directory appears whole or not at all, so that an interrupted install is never taken for a tool. */
export function moveIntoPlace(staging: string, home: string): void {
  try {
    renameSync(staging, home);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
}
