import { type Certificate, readDer, tags } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';

/** The arc of Fulcio's certificate extensions. */
const arc = '1.3.6.1.4.1.57264.1';

/** Extensions written as bare text (deprecated by Fulcio, still written). */
const rawNames = {
  1: 'issuerV1',
  2: 'githubWorkflowTrigger',
  3: 'githubWorkflowSha',
  4: 'githubWorkflowName',
  5: 'githubWorkflowRepository',
  6: 'githubWorkflowRef',
} as const;

/** Extensions written as a DER UTF8String. */
const derNames = {
  8: 'issuerV2',
  9: 'buildSignerURI',
  10: 'buildSignerDigest',
  11: 'runnerEnvironment',
  12: 'sourceRepositoryURI',
  13: 'sourceRepositoryDigest',
  14: 'sourceRepositoryRef',
  15: 'sourceRepositoryIdentifier',
  16: 'sourceRepositoryOwnerURI',
  17: 'sourceRepositoryOwnerIdentifier',
  18: 'buildConfigURI',
  19: 'buildConfigDigest',
  20: 'buildTrigger',
  21: 'runInvocationURI',
  22: 'sourceRepositoryVisibilityAtSigning',
  23: 'deploymentEnvironment',
  24: 'tokenSubject',
} as const;

const rawOids = Object.entries(rawNames).map(([number, name]) => [`${arc}.${number}`, name] as const);
const derOids = Object.entries(derNames).map(([number, name]) => [`${arc}.${number}`, name] as const);

type AnyName = (typeof rawNames)[keyof typeof rawNames] | (typeof derNames)[keyof typeof derNames];

/** What Fulcio writes about a signer beside the subject, under the names of its documentation (`oid-info.md`). */
export type ExtensionName = Exclude<AnyName, 'issuerV1' | 'issuerV2'>;

export interface FulcioExtensions {
  /** The OIDC issuer, from `.8`, or `.1` in old certificates; null when the certificate names none. */
  readonly issuer: string | null;
  readonly extensions: Readonly<Partial<Record<ExtensionName, string>>>;
}

/** True for a name of a Fulcio extension that can be asked for. */
export function isExtensionName(name: string): name is ExtensionName {
  return [...Object.values(rawNames).slice(1), ...Object.values(derNames).slice(1)].includes(name as AnyName);
}

/**
 * Reads Fulcio's extensions `.1` to `.24` (`.7` is a kind of alternative name, not an extension). The bare ones and the
 * DER ones are never taken for each other, DER must be a UTF8String with nothing after it, all must be UTF-8, and the
 * two issuers must agree where both stand.
 *
 * @throws CERTIFICATE_EXTENSION_INVALID
 */
export function readExtensions(certificate: Certificate): FulcioExtensions {
  const values: Partial<Record<AnyName, string>> = {};
  for (const [oid, name] of rawOids) {
    const extension = certificate.extensions.get(oid);
    if (extension !== undefined) values[name] = text(extension.value, name);
  }
  for (const [oid, name] of derOids) {
    const extension = certificate.extensions.get(oid);
    if (extension !== undefined) values[name] = derText(extension.value, name);
  }
  const { issuerV1, issuerV2, ...extensions } = values;
  if (issuerV1 !== undefined && issuerV2 !== undefined && issuerV1 !== issuerV2) {
    throw invalid('issuer', 'is given twice with different values');
  }
  return { issuer: issuerV2 ?? issuerV1 ?? null, extensions };
}

function derText(value: Uint8Array, name: string): string {
  let content: Uint8Array;
  try {
    content = readDer(value, tags.utf8String).rest();
  } catch {
    throw invalid(name, 'is not a DER UTF8String');
  }
  return text(content, name);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array, name: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid(name, 'is not UTF-8');
  }
}

function invalid(name: string, problem: string) {
  return sigstoreErrors.error('CERTIFICATE_EXTENSION_INVALID', {
    message: `the certificate’s extension ${name} ${problem}`,
  });
}
