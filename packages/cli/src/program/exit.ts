import { PratiqueError } from '@pratique/errors';

/** Exit codes of design §4. 10–13 are cosign's and come from `verify` itself. */
export const exit = { ok: 0, operational: 1, denied: 2, usage: 3, auth: 4, interrupted: 130 } as const;

/** A failure whose exit code the command chooses itself. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, cause: PratiqueError) {
    super(cause.message, { cause });
    this.exitCode = exitCode;
  }
}

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandFailure) return error.exitCode;
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
