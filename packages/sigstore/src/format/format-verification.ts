import { isJsonObject, type JsonValue } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import { signPredicateType } from '../media-types.ts';
import type { VerifiedSignature } from '../types.ts';

/** One element of the JSON array that `cosign verify` prints. */
export interface VerificationJson {
  readonly critical: {
    readonly identity: { readonly 'docker-reference': string };
    readonly image: { readonly 'docker-manifest-digest': string };
    readonly type: string;
  };
  readonly optional: Readonly<Record<string, JsonValue>> | null;
}

/**
 * Verified signatures as `cosign verify -o json` prints them. For a bundle Cosign makes up a simple-signing document:
 * `reference` as asked for, the subject's digest, the predicate type as type, the subject's annotations.
 *
 * @param reference the image as the user named it, fully qualified (`registry/repository@digest` or `:tag`)
 */
export function formatVerification(
  signatures: readonly VerifiedSignature[],
  reference: string,
  digest: Digest,
): readonly VerificationJson[] {
  return signatures.map((signature) => {
    const document = signature.payload as JsonValue;
    if (isJsonObject(document) && isJsonObject(document.critical)) {
      const optional = isJsonObject(document.optional) ? document.optional : null;
      const bundle =
        signature.logAnnotation === undefined ? null : { Bundle: signature.logAnnotation as JsonValue };
      const merged = optional === null && bundle === null ? null : { ...optional, ...bundle };
      // Verified: exactly the document that was signed.
      return { critical: document.critical, optional: merged } as unknown as VerificationJson;
    }
    return {
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: signPredicateType,
      },
      optional: signature.annotations,
    };
  });
}
