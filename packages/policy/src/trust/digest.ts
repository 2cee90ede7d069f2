import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, type JsonValue } from '@pratique/crypto';
import type { Digest } from '@pratique/oci';
import type { Trust } from './types.ts';

/** The digest of everything that decides, and of nothing else: comments, spacing and paths of key files do not. */
export function trustDigest(trust: Omit<Trust, 'digest'>): Digest {
  const patterns = (globs: readonly { canonical: string }[]) => globs.map((glob) => glob.canonical);
  const canonical: JsonValue = {
    authorities: Object.fromEntries(
      [...trust.authorities].map(([name, { keys }]) => [name, keys.map((key) => key.fingerprint).sort()]),
    ),
    images: trust.images.map(({ entry, match, exclude, ...rest }) => ({
      ...rest,
      entry,
      match: patterns(match),
      exclude: patterns(exclude),
    })),
    default: trust.default,
    mode: trust.mode,
    exempt: trust.exempt.map(({ match, reason }) => ({ match: patterns(match), reason })),
    parameters: trust.parameters as unknown as JsonObject,
    data: trust.site,
    log:
      trust.log?.logs.map(({ id, key, baseUrl, validFrom, validUntil }) => ({
        id,
        key: key.fingerprint,
        baseUrl,
        validFrom: validFrom.toISOString(),
        validUntil: validUntil?.toISOString() ?? null,
      })) ?? null,
  };
  return `sha256:${createHash('sha256').update(canonicalJson(canonical)).digest('hex')}`;
}
