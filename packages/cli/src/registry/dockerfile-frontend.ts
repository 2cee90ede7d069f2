import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';

/**
 * What follows the first `#` of a line that is a parser directive, with its name and value. White space is that of BuildKit's
 * expressions, which have less of it than ours.
 */
export const directive = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*([^\n]+?)[\t\n\f\r ]*$/;
export const directives: readonly string[] = ['syntax', 'escape', 'check'];

/**
 * The image that the first line names as the builder's frontend (`# syntax=docker/dockerfile:1`): a program that reads the
 * Dockerfile and decides what is built. BuildKit also takes `// syntax=` and `{"syntax": …}` for files in other languages.
 *
 * @returns null where the builder's own is used
 * @throws USAGE for a file in another language, of which nobody knows which images it names; and for two frontends
 */
export function frontendOf(text: string): string | null {
  const start = text.replace(/^\ufeff/, '').replace(/^#![^\n]*(?:\n|$)/, '');
  const [named, ...more] = syntaxes(start, '#');
  if (more.length > 0) throw otherwise('two syntax directives');
  if (named !== undefined) return named;
  const foreign = syntaxes(start, '//')[0] ?? syntaxInJson(start);
  if (foreign !== undefined)
    throw otherwise(`a frontend for another language than Dockerfile’s: ${printable(foreign, 200)}`);
  return null;
}

/** The values of the directives at the top that are `syntax`, without what stands behind a blank. */
function syntaxes(text: string, comment: string): readonly string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(comment)) break;
    const [, name = '', value = ''] = directive.exec(trimStart(line.slice(comment.length))) ?? [];
    if (!directives.includes(name.toLowerCase())) break;
    if (name.toLowerCase() === 'syntax') found.push(value.split(' ')[0]!);
  }
  return found;
}

function syntaxInJson(text: string): string | undefined {
  if (!/^[\t\n\r ]*\{/.test(text)) return undefined;
  try {
    const { syntax } = JSON.parse(text) as { readonly syntax?: unknown };
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}

/** What Go calls white space (Unicode's White_Space): it has other members than JavaScript's. */
export const whiteSpace = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const leading = new RegExp(`^[${whiteSpace}]+`);

export function trimStart(line: string): string {
  return line.replace(leading, '');
}

function otherwise(found: string): Error {
  return cliErrors.error('USAGE', {
    message: `the Dockerfile has ${found}`,
    expected: 'a Dockerfile, whose images can be told',
    found,
  });
}
