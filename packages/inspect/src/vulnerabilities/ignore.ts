import { printable } from '@pratique/errors';
import { readYaml, YamlError } from '@pratique/yaml';
import * as v from 'valibot';
import { inspectErrors } from '../errors.ts';
import type { SecretFinding } from '../secrets/find-secrets.ts';
import type { Finding, Suppression } from './finding.ts';

/** A finding that somebody decided to live with, for a while. */
export interface IgnoreRule {
  /** The vulnerability, or an alias of it; or the kind of a secret. */
  readonly id: string;
  /** Name of the package; absent: whichever package has it. */
  readonly package?: string | undefined;
  /** Path of the file that has the secret; absent: whichever file has it. */
  readonly path?: string | undefined;
  readonly reason: string;
  /** `YYYY-MM-DD`: the last day (UTC) on which the rule counts. */
  readonly expires: string;
}

const text = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(1000));
const schema = v.strictObject({
  ignore: v.array(
    v.strictObject({
      id: text,
      package: v.optional(text),
      path: v.optional(text),
      reason: text,
      expires: v.pipe(v.string(), v.isoDate()),
    }),
  ),
});

/**
 * Parses an ignore file (YAML): a list `ignore` of `id`, `package` or `path` (optional), `reason` and `expires`.
 *
 * @throws `IGNORE_FILE_INVALID`
 */
export function parseIgnoreFile(content: string): readonly IgnoreRule[] {
  try {
    return v.parse(schema, readYaml(content, { maxAliases: 0 })).ignore;
  } catch (error) {
    const place = v.isValiError(error) ? `${v.getDotPath(error.issues[0]) ?? 'the document'}: ` : '';
    const { message } = error as Error;
    const problem = error instanceof YamlError ? error.text : message;
    throw inspectErrors.error('IGNORE_FILE_INVALID', {
      message: `the ignore file is not valid: ${place}${printable(problem)}`,
      expected: 'a list `ignore`, each with `id`, `reason` and `expires: YYYY-MM-DD`',
    });
  }
}

export function isExpired(rule: IgnoreRule, now: Date): boolean {
  return rule.expires < now.toISOString().slice(0, 10);
}

export function isAbout(rule: IgnoreRule, finding: Finding): boolean {
  return (
    [finding.vulnerability, ...finding.aliases].includes(rule.id) &&
    rule.path === undefined &&
    (rule.package === undefined ||
      [finding.package.name, finding.package.source?.name].includes(rule.package))
  );
}

export function isAboutSecret(rule: IgnoreRule, { rule: id, path }: SecretFinding): boolean {
  return (
    rule.id === id &&
    rule.package === undefined &&
    (rule.path === undefined || rule.path.replace(/^\/+/, '') === path)
  );
}

export function ignored(rule: IgnoreRule): Suppression {
  return { by: 'ignore', reason: rule.reason, expires: rule.expires };
}
