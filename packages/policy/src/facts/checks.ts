import { isJsonObject, type JsonObject } from '@pratique/crypto';
import type { AttestationFact, ChecksFact } from '../types.ts';

export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1';

/** What tests of the image said: the newest in-toto test-result (v0.1) of each configuration it was run with. */
export function checkFacts(attestations: readonly AttestationFact[]): readonly ChecksFact[] {
  const newest = new Map<string, ChecksFact>();
  const oldestFirst = attestations
    .filter(({ predicateType }) => predicateType === testResultType)
    .sort((a, b) => (a.signedAt ?? '').localeCompare(b.signedAt ?? ''));
  for (const { predicate, authorities } of oldestFirst) {
    const given: JsonObject = isJsonObject(predicate) ? predicate : {};
    const configuration = Array.isArray(given.configuration) ? given.configuration : [];
    const name = configuration.flatMap((one) =>
      isJsonObject(one) && typeof one.name === 'string' ? [one.name] : [],
    );
    newest.set(name.join('\n'), {
      authorities,
      configuration: name,
      // What is no result of the specification has not passed.
      result: given.result === 'PASSED' || given.result === 'WARNED' ? given.result : 'FAILED',
      passed: strings(given.passedTests),
      warned: strings(given.warnedTests),
      failed: strings(given.failedTests),
    });
  }
  return [...newest.values()];
}

function strings(given: unknown): readonly string[] {
  return Array.isArray(given)
    ? given.filter((one): one is string => typeof one === 'string').slice(0, 10_000)
    : [];
}
