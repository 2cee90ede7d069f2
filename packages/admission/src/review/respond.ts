import { encodeBase64 } from '@pratique/crypto';
import type { Decision } from '@pratique/policy';
import { denialMessage, warningLines } from './message.ts';
import type { ReplaceOperation } from './patch.ts';

/** `response` of an AdmissionReview v1. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string; readonly reason: string };
  readonly patchType?: 'JSONPatch';
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** The AdmissionReview that answers the request `uid` with a decision. A patch goes only with an allowed one. */
export function respond(
  uid: string,
  decision: Decision,
  patch: readonly ReplaceOperation[],
): AdmissionResponse {
  const warnings = warningLines(decision);
  const auditAnnotations = {
    'decision-id': decision.decisionId,
    mode: decision.mode,
    'policy-digest': decision.policyDigest,
    'trust-digest': decision.trustDigest,
    ...codes('denials', decision.denials),
    ...codes('warnings', decision.warnings),
  };
  return {
    uid,
    allowed: decision.allowed,
    ...(decision.allowed
      ? {}
      : { status: { code: 403, message: denialMessage(decision), reason: 'Forbidden' } }),
    // patchType without a patch is refused by the API server.
    ...(decision.allowed && patch.length > 0
      ? { patchType: 'JSONPatch', patch: encodeBase64(new TextEncoder().encode(JSON.stringify(patch))) }
      : {}),
    ...(warnings.length === 0 ? {} : { warnings }),
    auditAnnotations,
  };
}

function codes(name: string, list: Decision['denials']): Record<string, string> {
  if (list.length === 0) return {};
  return { [name]: [...new Set(list.map(({ code }) => code))].slice(0, 20).join(',') };
}

/** The answer to a request that could be told from others but not be decided. */
export function refuse(uid: string, code: number, message: string): AdmissionResponse {
  return {
    uid,
    allowed: false,
    status: { code, message, reason: code === 400 ? 'BadRequest' : 'InternalError' },
  };
}

/** Wire form. */
export function encodeResponse(response: AdmissionResponse): string {
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}
