import { printable } from '@pratique/errors';
import { notationErrors } from '../errors.ts';
import { headers } from '../media-types.ts';
import type { Algorithm } from './algorithm.ts';
import type { SignedAttributes, SigningScheme } from './envelope.ts';

/** Protected headers in the form of either envelope: COSE has numbers for those that it shares with JOSE. */
export interface ProtectedHeaders {
  readonly algorithm: Algorithm | null;
  readonly contentType: unknown;
  /** Labels marked as critical; undefined where it is not a list. */
  readonly critical: readonly unknown[] | undefined;
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** Undefined where it is not there; null where it is no time in the one form of the envelope. */
  time(name: string): Date | null | undefined;
  /** Labels of headers that the envelope itself defines, which may be marked as critical. */
  readonly own: readonly unknown[];
}

const schemes: readonly string[] = ['notary.x509', 'notary.x509.signingAuthority'];

/**
 * What the protected headers say (signature-specification.md, "Signed Attributes").
 *
 * @throws NOTATION_ENVELOPE_INVALID, NOTATION_CRITICAL_HEADER, NOTATION_PLUGIN_NEEDED
 */
export function readAttributes(given: ProtectedHeaders): SignedAttributes {
  const scheme = given.text(headers.signingScheme);
  if (scheme === undefined || !schemes.includes(scheme))
    throw invalid('its signing scheme is not known', schemes.join(' or '), printable(scheme ?? 'none'));
  if (given.has(headers.verificationPlugin)) {
    throw notationErrors.error('NOTATION_PLUGIN_NEEDED', {
      message: 'the signature can be verified only with a plugin of notation',
      expected: 'a signature that needs none',
      found: printable(given.text(headers.verificationPlugin) ?? 'a plugin without a name'),
    });
  }
  const byAuthority = scheme === 'notary.x509.signingAuthority';
  const [own, other] = byAuthority
    ? [headers.authenticSigningTime, headers.signingTime]
    : [headers.signingTime, headers.authenticSigningTime];
  if (given.has(other)) throw invalid(`it has ${other}, which ${scheme} does not have`);
  checkCritical(given, byAuthority);
  const signingTime = timeOf(given, own);
  const expiry = given.has(headers.expiry) ? timeOf(given, headers.expiry) : null;
  if (expiry !== null && expiry <= signingTime) throw invalid('it expires before it was made');
  if (given.algorithm === null) throw invalid('its algorithm is not one that signatures have');
  if (typeof given.contentType !== 'string') throw invalid('it does not say what its payload is');
  return {
    algorithm: given.algorithm,
    contentType: given.contentType,
    scheme: scheme as SigningScheme,
    signingTime,
    expiry,
  };
}

function timeOf(given: ProtectedHeaders, name: string): Date {
  const time = given.time(name);
  if (time === undefined) throw invalid(`it has no ${name}`);
  if (time === null) throw invalid(`its ${name} is not a time in whole seconds`);
  return time;
}

/** A verifier that does not understand what is critical must refuse, and one that need not look could be misled. */
function checkCritical(given: ProtectedHeaders, byAuthority: boolean): void {
  const critical = given.critical ?? [];
  const needed = [
    headers.signingScheme,
    ...(byAuthority ? [headers.authenticSigningTime] : []),
    ...(given.has(headers.expiry) ? [headers.expiry] : []),
  ];
  const missing = needed.filter((name) => !critical.includes(name));
  if (missing.length > 0) throw invalid(`it does not mark as critical: ${missing.join(', ')}`);
  const understood: readonly unknown[] = [...needed, ...given.own];
  const unknown = critical.find((label) => !understood.includes(label));
  if (unknown !== undefined) {
    throw notationErrors.error('NOTATION_CRITICAL_HEADER', {
      message: 'the signature has a critical header that is not understood',
      expected: understood.join(', '),
      found: printable(String(unknown)),
    });
  }
}

function invalid(message: string, expected?: string, found?: string) {
  return notationErrors.error('NOTATION_ENVELOPE_INVALID', {
    message: `the signature envelope cannot be used: ${message}`,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}
