import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '@pratique/crypto';
import type { AttestationFact } from '../types.ts';

/** The attestation of some types that was made last. */
export interface Newest {
  readonly predicateType: string;
  readonly document: unknown;
  /** Why it cannot be told that it is the last; null where it can. */
  readonly problem: string | null;
}

/** Where a predicate says when it was made, by its type. */
const times: Readonly<Record<string, readonly [string, string]>> = {
  'https://cyclonedx.org/bom': ['metadata', 'timestamp'],
  'https://spdx.dev/Document': ['creationInfo', 'created'],
  'https://cosign.sigstore.dev/attestation/vuln/v1': ['metadata', 'scanFinishedOn'],
  'https://in-toto.io/attestation/vulns/v0.1': ['metadata', 'scanFinishedOn'],
};

/**
 * Of the attestations of these types the newest: by the time that is proven, else by the one that its signer wrote into it,
 * since a key alone proves none. The order in which a registry lists them says nothing: where one of several has no time at
 * all, what was true last is not known. Of those that are as new, the one whose type comes first.
 */
export function newest(attestations: readonly AttestationFact[], types: readonly string[]): Newest | null {
  const dated = attestations
    .filter(({ predicateType }) => types.includes(predicateType))
    .map((attestation) => ({ attestation, time: timeOf(attestation) }))
    .sort(
      (a, b) =>
        (b.time ?? 0) - (a.time ?? 0) ||
        types.indexOf(a.attestation.predicateType) - types.indexOf(b.attestation.predicateType),
    );
  const [latest] = dated;
  if (latest === undefined) return null;
  const { predicateType, predicate: document } = latest.attestation;
  const doubtful = dated.some(
    ({ attestation, time }) =>
      (time === null || time === latest.time) && isAnother(attestation, latest.attestation),
  );
  return {
    predicateType,
    document,
    problem: doubtful ? 'there are several, and it cannot be told which of them is the newest' : null,
  };
}

/** Milliseconds since the epoch; null where neither a log, an authority nor the signer says. */
function timeOf({ signedAt, predicateType, predicate }: AttestationFact): number | null {
  if (signedAt !== null) return Date.parse(signedAt);
  const [member, name] = times[predicateType] ?? [];
  const part = isJsonObject(predicate) ? predicate[member ?? ''] : undefined;
  const time = isJsonObject(part) ? part[name ?? ''] : undefined;
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

/** Of one type and not the same: a bill of materials in two formats is one. */
function isAnother(a: AttestationFact, b: AttestationFact): boolean {
  return a.predicateType === b.predicateType && !isDeepStrictEqual(a.predicate, b.predicate);
}
