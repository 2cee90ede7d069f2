import { usage } from './sources.ts';

/** Refuses targets other than `rego`: there is one engine here. `instead` says what OPA does for the others. */
export function requireRego(command: string, target: string, instead: string): void {
  if (target === 'rego') return;
  throw usage(
    command,
    `--target ${target} is not done here: the engine runs the policies themselves; ${instead}`,
  );
}
