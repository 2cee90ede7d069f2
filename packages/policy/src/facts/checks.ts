import { isJsonObject, type JsonObject } from '@pratique/crypto';
import type { AttestationFact, ChecksFact } from '../types.ts';

export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1';

const severity = { PASSED: 0, WARNED: 1, FAILED: 2 } as const;

/**
 * What tests of the image said: the newest in-toto test-result (v0.1) of each configuration it was run with. Their
 * predicate has no time: where none is proven either, the worst counts, since any may have been the last.
 */
export function checkFacts(attestations: readonly AttestationFact[]): readonly ChecksFact[] {
  const newest = new Map<string, { readonly fact: ChecksFact; readonly signedAt: string | null }>();
  const oldestFirst = attestations
    .filter(({ predicateType }) => predicateType === testResultType)
    .sort((a, b) => moment(a) - moment(b));
  for (const attestation of oldestFirst) {
    const fact = checksFact(attestation);
    const name = fact.configuration.join('\n');
    const { signedAt } = attestation;
    const before = newest.get(name);
    const isLater = signedAt !== null && signedAt !== before?.signedAt;
    if (before === undefined || isLater || severity[fact.result] > severity[before.fact.result])
      newest.set(name, { fact, signedAt });
  }
  return [...newest.values()].map(({ fact }) => fact);
}

/** For sorting: what nobody dates comes last. */
function moment({ signedAt }: AttestationFact): number {
  return signedAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(signedAt);
}

function checksFact({ predicate, authorities }: AttestationFact): ChecksFact {
  const given: JsonObject = isJsonObject(predicate) ? predicate : {};
  const configuration = Array.isArray(given.configuration) ? given.configuration : [];
  return {
    authorities,
    configuration: configuration.flatMap((one) =>
      isJsonObject(one) && typeof one.name === 'string' ? [one.name] : [],
    ),
    // What is no result of the specification has not passed.
    result: given.result === 'PASSED' || given.result === 'WARNED' ? given.result : 'FAILED',
    passed: strings(given.passedTests),
    warned: strings(given.warnedTests),
    failed: strings(given.failedTests),
  };
}

function strings(given: unknown): readonly string[] {
  return Array.isArray(given)
    ? given.filter((one): one is string => typeof one === 'string').slice(0, 10_000)
    : [];
}
