import { PratiqueError } from '@pratique/errors';
import type { Findings, PolicyEngine } from '../engine/types.ts';
import type { ExaminedImage } from './examine.ts';
import { faultFinding } from './faults.ts';

/** Evaluates the request policies. An engine that gives no answer is a fault, which refuses. */
export async function evaluateRequest(
  engine: PolicyEngine,
  request: object,
  examined: readonly ExaminedImage[],
  onInternalError: (error: unknown) => void,
): Promise<Findings> {
  try {
    const findings = engine.evaluate('request', { request, images: examined.map(imageInput) });
    return findings instanceof Promise ? await findings : findings;
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
