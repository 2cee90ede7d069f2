import { isJsonObject, type JsonValue } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import { signPredicateType } from '../media-types.ts';
import type { Signer, VerifiedSignature } from '../types.ts';

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
      const { logAnnotation: entry, timestampAnnotation: stamp } = signature;
      const bundle = entry === undefined ? {} : { Bundle: entry as JsonValue };
      const timestamp = stamp === undefined ? {} : { RFC3161Timestamp: stamp as JsonValue };
      const certificate = certificateMembers(signature.signer);
      const members = { ...optional, ...certificate, ...bundle, ...timestamp };
      const merged = optional === null && Object.keys(members).length === 0 ? null : members;
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

/** GitHub's extensions, which Cosign prints under both of their names. */
const workflowOids = {
  githubWorkflowTrigger: '1.3.6.1.4.1.57264.1.2',
  githubWorkflowSha: '1.3.6.1.4.1.57264.1.3',
  githubWorkflowName: '1.3.6.1.4.1.57264.1.4',
  githubWorkflowRepository: '1.3.6.1.4.1.57264.1.5',
  githubWorkflowRef: '1.3.6.1.4.1.57264.1.6',
} as const;

/** What Cosign adds to a signature of the tag format about the certificate it was made with. */
function certificateMembers(signer: Signer): Readonly<Record<string, string>> {
  if (signer.kind === 'key') return {};
  const { subject, issuer, extensions } = signer;
  const workflow = Object.entries(workflowOids).flatMap(([name, oid]) => {
    const value = extensions[name];
    return value === undefined
      ? []
      : [
          [name, value],
          [oid, value],
        ];
  });
  return {
    '1.3.6.1.4.1.57264.1.1': issuer,
    Issuer: issuer,
    Subject: subject,
    ...(Object.fromEntries(workflow) as Record<string, string>),
  };
}
