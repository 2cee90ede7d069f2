import { PratiqueError, printable } from '@pratique/errors';
import type { Finding } from '../engine/types.ts';
import { policyErrors } from '../errors.ts';

/** Who speaks where no policy does. */
export const gatePolicy = 'pratique';

/**
 * What went wrong on the way to a decision, as a finding that refuses. A malformed reference is the request's
 * mistake; everything else is a fault: no answer was had, so nothing may be concluded about the image.
 */
export function faultFinding(error: unknown, image: string | null): Finding {
  const known = error instanceof PratiqueError ? error : unexpected(error);
  return {
    policy: gatePolicy,
    code: known.code,
    fault: known.kind === 'fault' || known.kind === 'auth',
    message: printable(known.message, 1000),
    expected: known.expected === undefined ? null : printable(known.expected),
    found: known.found === undefined ? null : printable(known.found),
    remedy: known.remedy,
    image,
  };
}

/** The text of an unexpected error may hold anything, so it goes to the log and not into the decision. */
function unexpected(cause: unknown): PratiqueError {
  const kind = cause instanceof Error ? cause.name : typeof cause;
  return policyErrors.error('GATE_INTERNAL', { message: `unexpected ${printable(kind, 40)}`, cause });
}
