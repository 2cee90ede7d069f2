import { PratiqueError } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { style } from './style.ts';

/** Any thrown value as one of ours, so that every failure has a code and a remedy. */
export function asPratiqueError(thrown: unknown): PratiqueError {
  if (thrown instanceof PratiqueError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  if (error?.code === 'ENOENT' || error?.code === 'EACCES' || error?.code === 'EISDIR') {
    return cliErrors.error('FILE_UNREADABLE', { message: error.message, cause: thrown });
  }
  return cliErrors.error('INTERNAL', {
    message: error instanceof Error ? error.message : String(thrown),
    cause: thrown,
  });
}

/** An error for people: what, expected, found, what to try. */
export function errorText(error: PratiqueError, colour: boolean): string {
  const c = style(colour);
  const lines = [`${c.red('error')} ${c.bold(error.code)}: ${error.message}`];
  if (error.expected !== undefined) lines.push(`  expected  ${error.expected}`);
  if (error.found !== undefined) lines.push(`  found     ${error.found}`);
  if (error.cause instanceof Error && error.cause.message && !error.message.includes(error.cause.message)) {
    lines.push(`  because   ${error.cause.message.split('\n')[0]}`);
  }
  lines.push(`  try       ${error.remedy}`);
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export function errorJson(error: PratiqueError): string {
  const { code, kind, message, expected, found, remedy } = error;
  return `${JSON.stringify({ error: { code, kind, message, expected, found, remedy } })}\n`;
}
