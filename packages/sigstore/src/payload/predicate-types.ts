/** Cosign's short names of predicate types (`--type`). */
const shortNames: Readonly<Record<string, string>> = {
  custom: 'https://cosign.sigstore.dev/attestation/v1',
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  openvex: 'https://openvex.dev/ns',
};

/** All short names, for help. */
export const predicateTypeNames: readonly string[] = Object.keys(shortNames);

/** The predicate type a short name or URI stands for; null for what is neither. */
export function parsePredicateType(text: string): string | null {
  if (Object.hasOwn(shortNames, text)) return shortNames[text]!;
  return URL.canParse(text) ? text : null;
}
