import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';

/** How our options are called in Fulcio's configuration. */
const names: Readonly<Record<string, string>> = {
  type: 'type',
  'client-id': 'audience',
  'issuer-claim': 'issuerClaim',
  'spiffe-trust-domain': 'trustDomain',
};
/** For people, or said by the type already. */
const ignored = ['contact', 'description', 'environment', 'challenge-claim', 'issuer-url'];

/**
 * Fulcio's identity configuration (`oidc-issuers`, `meta-issuers`, `ci-issuer-metadata`) as a list of issuers. What is
 * wrong in it comes through, and is refused with the list.
 */
export function fromFulcioConfiguration(configuration: JsonObject): JsonObject[] {
  const providers = section(configuration, 'ci-issuer-metadata');
  const convert = (address: JsonObject, issuer: JsonValue): JsonObject => {
    if (!isJsonObject(issuer)) return { ...address };
    const { 'ci-provider': provider, 'subject-domain': subjectDomain, ...rest } = issuer;
    const options: Record<string, JsonValue> = { ...address };
    for (const [name, value] of Object.entries(rest)) {
      if (!ignored.includes(name)) options[Object.hasOwn(names, name) ? names[name]! : name] = value;
    }
    if (typeof provider === 'string' && Object.hasOwn(providers, provider)) {
      options.templates = providers[provider]!;
    }
    if (typeof subjectDomain === 'string') {
      if (issuer.type === 'uri') options.subjectPrefix = `${subjectDomain}/`;
      else options.subjectDomain = subjectDomain;
    }
    return options;
  };
  return [
    ...Object.entries(section(configuration, 'oidc-issuers')).map(([key, issuer]) => {
      const url = isJsonObject(issuer) ? issuer['issuer-url'] : undefined;
      return convert({ url: url ?? key }, issuer);
    }),
    ...Object.entries(section(configuration, 'meta-issuers')).map(([urlPattern, issuer]) =>
      convert({ urlPattern }, issuer),
    ),
  ];
}

function section(configuration: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(configuration, name) ? configuration[name] : undefined;
  return isJsonObject(value) ? value : {};
}
