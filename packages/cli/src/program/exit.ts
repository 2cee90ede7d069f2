import { PratiqueError } from '@pratique/errors';

/** Exit codes of design §4. 10–13 are cosign's and come from `verify` itself. */
export const exit = { ok: 0, operational: 1, denied: 2, usage: 3, auth: 4, interrupted: 130 } as const;

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PratiqueError)) return exit.operational;
  switch (error.kind) {
    case 'usage':
      return exit.usage;
    case 'auth':
      return exit.auth;
    case 'denial':
      return exit.denied;
    case 'fault':
      return exit.operational;
  }
}
