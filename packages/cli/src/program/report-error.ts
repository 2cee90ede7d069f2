import { PratiqueError, printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { fileProblem, isWriteProblem } from './file-problem.ts';
import { style } from './style.ts';

/** Any thrown value as one of ours, so that every failure has a code and a remedy. */
export function asPratiqueError(thrown: unknown): PratiqueError {
  if (thrown instanceof PratiqueError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  const problem = fileProblem(thrown);
  if (problem !== undefined) {
    return cliErrors.error(isWriteProblem(thrown) ? 'FILE_UNWRITABLE' : 'FILE_UNREADABLE', {
      message:
        error.path === undefined ? `${error.syscall}: ${problem}` : `${printable(error.path)}: ${problem}`,
      cause: thrown,
    });
  }
  if (isUnwritableDatabase(thrown)) {
    return cliErrors.error('FILE_UNWRITABLE', { message: `a database: ${error.message}`, cause: thrown });
  }
  return cliErrors.error('INTERNAL', {
    message: error instanceof Error ? error.message : String(thrown),
    cause: thrown,
  });
}

// SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN (https://sqlite.org/rescode.html).
const unwritable: readonly unknown[] = [8, 10, 13, 14];

function isUnwritableDatabase(thrown: unknown): boolean {
  const { code, errcode } = (thrown ?? {}) as { code?: unknown; errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && unwritable.includes(errcode);
}

/** An error for people: what, expected, found, what to try. */
export function errorText(error: PratiqueError, colour: boolean): string {
  const c = style(colour);
  const lines = [`${c.red('error')} ${c.bold(error.code)}: ${error.message}`];
  if (error.expected !== undefined) lines.push(`  expected  ${error.expected}`);
  if (error.found !== undefined) lines.push(`  found     ${error.found}`);
  if (isNews(error)) {
    lines.push(`  because   ${error.cause.message.split('\n')[0]}`);
  }
  lines.push(`  try       ${error.remedy}`);
  return `${lines.join('\n')}\n`;
}

/** Whether the cause says more than the error does: what the system says of a file has been put into words. */
function isNews(error: PratiqueError): error is PratiqueError & { readonly cause: Error } {
  const { cause, message } = error;
  if (!(cause instanceof Error) || !cause.message || message.includes(cause.message)) return false;
  return !error.code.startsWith('FILE_UN') || fileProblem(cause) === undefined;
}

/** The same for programs. */
export function errorJson(error: PratiqueError): string {
  const { code, kind, message, expected, found, remedy } = error;
  return `${JSON.stringify({ error: { code, kind, message, expected, found, remedy } })}\n`;
}
