import type { ConfiguredService, ServiceSelection, SigningConfig } from './signing-config.ts';

/** A SigningConfig v0.2 as JSON, members in Cosign's order. */
export function formatSigningConfig(config: SigningConfig): Uint8Array {
  const { certificateAuthorities, issuers, logs, timestampAuthorities } = config;
  const document = {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    ...list('caUrls', certificateAuthorities),
    ...list('oidcUrls', issuers),
    ...list('rekorTlogUrls', logs),
    ...(logs.length === 0 ? {} : { rekorTlogConfig: selection(config.logSelection) }),
    ...list('tsaUrls', timestampAuthorities),
    ...(timestampAuthorities.length === 0 ? {} : { tsaConfig: selection(config.timestampSelection) }),
  };
  return new TextEncoder().encode(JSON.stringify(document));
}

function list(name: string, services: readonly ConfiguredService[]): object {
  return services.length === 0 ? {} : { [name]: services.map(service) };
}

function service({ url, majorApiVersion, operator, validFrom, validUntil }: ConfiguredService): object {
  const time = (date: Date) => date.toISOString().replace('.000Z', 'Z');
  const end = validUntil === null ? {} : { end: time(validUntil) };
  return { url, majorApiVersion, validFor: { start: time(validFrom), ...end }, operator };
}

function selection({ selector, count }: ServiceSelection): object {
  return selector === 'EXACT' ? { selector, count } : { selector };
}
