import { type ErrorCatalog, printable } from '@pratique/errors';
import { notaryErrors } from '@pratique/notary';
import { notationErrors } from '@pratique/notation';
import { ociErrors } from '@pratique/oci';
import { sigstoreErrors } from '@pratique/sigstore';
import { policyErrors } from '../errors.ts';
import type { Finding } from './types.ts';

/** A policy that refuses one image for more reasons than this is cut: nobody reads them, and they are held in memory. */
const maxFindings = 50;
const maxText = 1000;

/**
 * Reads the value of a policy's `deny` or `warn`: a set (or array) of strings and of objects with `msg`, and
 * optionally `code`, `expected`, `found`, `remedy`, `image`. Anything else is a broken policy, never "no findings".
 *
 * What is cut is cut for each image by itself: images have modes, and findings about many in warn mode must not push out
 * the one that refuses.
 */
export function readFindings(policy: string, rule: 'deny' | 'warn', value: unknown): readonly Finding[] {
  if (!Array.isArray(value)) return [broken(policy, rule, value)];
  const counts = new Map<string | null, number>();
  return value
    .map((element) => readFinding(policy, rule, element))
    .filter(({ image }) => {
      const count = (counts.get(image) ?? 0) + 1;
      counts.set(image, count);
      return count <= maxFindings;
    });
}

/** How a policy failed: OPA's error codes, and the place in the policy where it is known. */
export interface PolicyFailure {
  readonly code: string;
  readonly message: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number } | undefined;
}

/** A policy that broke instead of answering, as a refusal. */
export function failedFinding(policy: string, { code, message, location }: PolicyFailure): Finding {
  const place = location === undefined ? '' : `${printable(location.file)}:${location.row}:${location.col}: `;
  return {
    policy,
    code: 'POLICY_EVALUATION_FAILED',
    fault: true,
    message: `${place}${printable(message, 500)} (${printable(code, 64)})`,
    expected: null,
    found: null,
    remedy: policyErrors.entries.POLICY_EVALUATION_FAILED.remedy,
    image: null,
  };
}

function readFinding(policy: string, rule: 'deny' | 'warn', element: unknown): Finding {
  if (typeof element === 'string') return finding(policy, 'POLICY_DENIED', element, {});
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    return broken(policy, rule, element);
  }
  const fields = element as Readonly<Record<string, unknown>>;
  const code = fields.code ?? 'POLICY_DENIED';
  if (typeof fields.msg !== 'string' || typeof code !== 'string') return broken(policy, rule, element);
  return finding(policy, printable(code, 64), fields.msg, fields);
}

function finding(
  policy: string,
  code: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): Finding {
  return {
    policy,
    code,
    fault: false,
    message: printable(message, maxText),
    expected: text(fields.expected),
    found: text(fields.found),
    remedy: text(fields.remedy) ?? remedyOf(code),
    image: typeof fields.image === 'string' ? fields.image : null,
  };
}

/** A policy may say "expected" with a number or a list as well. */
function text(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return printable(typeof value === 'string' ? value : JSON.stringify(value), maxText);
}

function remedyOf(code: string): string | null {
  for (const { entries } of [
    policyErrors,
    sigstoreErrors,
    notationErrors,
    notaryErrors,
    ociErrors,
  ] as readonly ErrorCatalog[]) {
    if (Object.hasOwn(entries, code)) return entries[code]?.remedy ?? null;
  }
  return null;
}

function broken(policy: string, rule: string, value: unknown): Finding {
  const found = printable(JSON.stringify(value) ?? 'nothing', 120);
  return {
    policy,
    code: 'POLICY_RESULT_INVALID',
    fault: true,
    message: `${rule} of ${policy} holds something that is neither a string nor an object with msg`,
    expected: 'a set of strings or of objects with a string `msg`',
    found,
    remedy: policyErrors.entries.POLICY_RESULT_INVALID.remedy,
    image: null,
  };
}
