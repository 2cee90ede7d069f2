import { createHash } from 'node:crypto';
import {
  type Certificate,
  canonicalJson,
  encodeBase64,
  formatVerifierKey,
  type JsonObject,
  type JsonValue,
  type Quorum,
  type WitnessPolicy,
} from '@pratique/crypto';
import { pinId } from '@pratique/notary';
import { statementJson } from '@pratique/notation';
import type { Digest } from '@pratique/oci';
import type { TextMatcher, Window } from '@pratique/sigstore';
import { sourceText } from './source.ts';
import type { Authority, Trust, Vouching } from './types.ts';

/** The digest of everything that decides, and of nothing else: comments, spacing and paths of key files do not. */
export function trustDigest(trust: Omit<Trust, 'digest'>): Digest {
  const patterns = (globs: readonly { canonical: string }[]) => globs.map((glob) => glob.canonical);
  const vouchings = [...new Set([...trust.authorities.values()].map(({ vouching }) => vouching))];
  const canonical: JsonValue = {
    authorities: Object.fromEntries(
      [...trust.authorities].map(([name, authority]) => [name, authorityJson(authority, vouchings)]),
    ),
    vouching: vouchings.map(vouchingJson),
    images: trust.images.map(({ entry, match, exclude, objects, policy, ...rest }) => ({
      ...rest,
      objects: objects as unknown as JsonValue,
      policy: policy as unknown as JsonValue,
      entry,
      match: patterns(match),
      exclude: patterns(exclude),
    })),
    default: trust.default,
    mode: trust.mode,
    exempt: trust.exempt.map(({ match, reason }) => ({ match: patterns(match), reason })),
    parameters: trust.parameters as unknown as JsonObject,
    data: trust.site,
  };
  return `sha256:${createHash('sha256').update(canonicalJson(canonical)).digest('hex')}`;
}

/** Fingerprints, and identities as they were asked for. */
function authorityJson(
  { keys, identities, notation, contentTrust, attestations, sources, vouching }: Authority,
  vouchings: readonly Vouching[],
): JsonValue {
  const fingerprints = keys.map((key) => key.fingerprint).sort();
  const matcher = ({ kind, value }: TextMatcher): JsonObject => ({ kind, value });
  return {
    vouching: vouchings.indexOf(vouching),
    keys: fingerprints,
    ...(notation === undefined
      ? {}
      : {
          notation: notation.map(({ registryScopes, ...statement }) => ({
            registryScopes: registryScopes.toSorted(),
            ...statementJson(statement),
          })),
        }),
    ...(contentTrust === undefined
      ? {}
      : {
          contentTrust: {
            server: contentTrust.server,
            root: pinId(contentTrust.root),
            roles: contentTrust.roles,
          },
        }),
    ...(sources === undefined ? {} : { sources: sources.map(sourceText) }),
    attestations: attestations.map(({ predicateType, policy }) => ({ predicateType, policy })),
    identities: identities.map(({ issuer, subject, extensions = {} }) => ({
      issuer: matcher(issuer),
      subject: matcher(subject),
      extensions: Object.fromEntries(
        Object.entries(extensions).map(([name, value]) => [name, matcher(value)]),
      ),
    })),
  };
}

function vouchingJson(root: Vouching): JsonObject {
  const window = ({ validFrom, validUntil }: Window): JsonObject => ({
    validFrom: validFrom?.toISOString() ?? null,
    validUntil: validUntil?.toISOString() ?? null,
  });
  const der = (certificates: readonly Certificate[]) => certificates.map((one) => encodeBase64(one.der));
  const logs = (all: Vouching['logs']) =>
    all.map((log) => ({
      id: log.id,
      key: log.key.fingerprint,
      baseUrl: log.baseUrl,
      ...window(log),
    }));
  return {
    thresholds: { ...root.thresholds },
    ...(root.witnesses === undefined ? {} : { witnesses: witnessesJson(root.witnesses) }),
    logs: logs(root.logs),
    certificateLogs: logs(root.certificateLogs),
    authorities: root.authorities.map((authority) => ({
      anchors: der(authority.anchors),
      intermediates: der(authority.intermediates),
      ...window(authority),
    })),
    timestampAuthorities: root.timestampAuthorities.map((authority) => ({
      leaf: authority.leaf === null ? null : encodeBase64(authority.leaf.der),
      anchors: der(authority.anchors),
      intermediates: der(authority.intermediates),
      ...window(authority),
    })),
  };
}

function witnessesJson({ logs, quorum }: WitnessPolicy): JsonObject {
  const needed = (part: Quorum): JsonValue => {
    if (part === null) return null;
    if ('of' in part) return { atLeast: part.atLeast, of: part.of.map(needed) };
    return formatVerifierKey(part);
  };
  return { logs: logs.map(formatVerifierKey), quorum: needed(quorum) };
}
