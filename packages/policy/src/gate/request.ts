import { PratiqueError } from '@pratique/errors';
import type { Findings, PolicyEngine } from '../engine/types.ts';
import { startDeadline } from './deadline.ts';
import type { ExaminedImage } from './examine.ts';
import { faultFinding } from './faults.ts';

export interface RequestEvaluation {
  /** What is left of the time for the decision. */
  readonly remainingMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onInternalError: (error: unknown) => void;
}

/** For an engine that is asked over a network when the images took all the time. */
const leastMs = 100;

/** Evaluates the request policies. An engine that gives no answer is a fault, which refuses. */
export async function evaluateRequest(
  engine: PolicyEngine,
  request: object,
  examined: readonly ExaminedImage[],
  { remainingMs, signal, onInternalError }: RequestEvaluation,
): Promise<Findings> {
  try {
    const findings = engine.evaluate('request', { request, images: examined.map(imageInput) });
    return findings instanceof Promise ? await inTime(findings, remainingMs, signal) : findings;
  } catch (error) {
    if (!(error instanceof PratiqueError)) onInternalError(error);
    return { deny: [faultFinding(error, null)], warn: [] };
  }
}

/** One element of `input.images` (docs/reference/policies.md). */
function imageInput({ text, containers, image, mode, exemption, facts, findings }: ExaminedImage): object {
  return {
    reference: text,
    registry: image?.registry ?? null,
    repository: image?.reference.repository ?? null,
    tag:
      image === null
        ? null
        : (image.reference.tag ?? (image.reference.digest === undefined ? 'latest' : null)),
    digest: facts?.digest ?? image?.reference.digest ?? null,
    pinned: image?.reference.digest !== undefined,
    containers,
    mode,
    exempt: exemption !== null,
    facts,
    verdict: {
      allowed: findings.deny.length === 0,
      denials: findings.deny,
      warnings: findings.warn,
    },
  };
}

async function inTime(
  findings: Promise<Findings>,
  remainingMs: number,
  signal: AbortSignal | undefined,
): Promise<Findings> {
  // What it says after that concerns nobody.
  findings.catch(() => undefined);
  const deadline = startDeadline(Math.max(leastMs, Math.round(remainingMs)), signal);
  try {
    return await deadline.wait(() => findings, { step: 'the policies about the request' });
  } finally {
    deadline.done();
  }
}
