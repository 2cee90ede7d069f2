import type { JsonObject } from '@pratique/crypto';
import type { Trust } from '../trust/types.ts';

/** What policies see as `data` beside themselves: `data.pratique.parameters` and `data.site`. */
export function policyData(trust: Trust): JsonObject {
  return { pratique: { parameters: trust.parameters as unknown as JsonObject }, site: trust.site };
}
