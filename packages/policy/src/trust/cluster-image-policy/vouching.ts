import { printable } from '@pratique/errors';
import type { TrustedRoot } from '@pratique/sigstore';
import { invalid, type Path } from '../problems.ts';
import type { LogTrust, Vouching } from '../types.ts';
import type { Objects, Placed } from './objects.ts';
import type { CipAuthority, ClusterImagePolicy } from './schema.ts';
import { trustedRootOf } from './trust-root.ts';
import type { FetchedRoots } from './tuf-roots.ts';

/** Gives what proves an authority's signatures; authorities that ask for the same get the same object. */
export type VouchingFor = (policy: Placed<ClusterImagePolicy>, at: Path, authority: CipAuthority) => Vouching;

/**
 * As policy-controller decides it: a key needs a log only where `ctlog` names one; an identity is by the certificates of
 * its `trustRootRef`, else of `fallback`, and in the logs of that root unless `ctlog` names another or (`ctlog: {}`) none;
 * `rfc3161timestamp` asks for a timestamp.
 */
export function vouchingBy(
  { trustRoots }: Objects,
  fallback: Omit<LogTrust, 'trustedRoot'> | null,
  fetched: FetchedRoots,
): VouchingFor {
  const read = new Map<string, TrustedRoot>();
  const made = new Map<string, Vouching>();
  return (policy, at, { keyless, ctlog, rfc3161timestamp }) => {
    const rootOf = (reference: string | undefined, path: Path): TrustedRoot => {
      if (reference === undefined) {
        if (fallback !== null) return fallback;
        throw invalid(policy.source, path, 'nothing says which Sigstore vouches for it', {
          expected:
            'trustRootRef; or log: { trustedRoot: FILE } in a trust configuration that names these policies',
          found: 'neither',
        });
      }
      const root = trustRoots.get(reference);
      if (root === undefined) {
        throw invalid(policy.source, path, `there is no TrustRoot ${printable(reference)}`, {
          expected: [...trustRoots.keys()].join(' or ') || 'a TrustRoot in the files of the policies',
          found: printable(reference),
        });
      }
      const known = read.get(reference) ?? trustedRootOf(root, fetched.get(reference));
      read.set(reference, known);
      return known;
    };
    const wanted = JSON.stringify([
      keyless === undefined,
      keyless?.trustRootRef,
      keyless?.insecureIgnoreSCT,
      ctlog,
      rfc3161timestamp,
    ]);
    const known = made.get(wanted);
    if (known !== undefined) return known;
    const base = keyless === undefined ? nothing : rootOf(keyless.trustRootRef, [...at, 'keyless']);
    const stamped = rfc3161timestamp !== undefined;
    const logs = logsFor(base, ctlog, () => rootOf(ctlog?.trustRootRef, [...at, 'ctlog']));
    const vouching: Vouching = {
      authorities: base.authorities,
      certificateLogs: base.certificateLogs,
      logs,
      // Witnesses are named for the logs of the configuration's own root.
      ...(fallback?.witnesses !== undefined && logs === fallback.logs
        ? { witnesses: fallback.witnesses }
        : {}),
      timestampAuthorities: stamped
        ? rootOf(rfc3161timestamp.trustRootRef, [...at, 'rfc3161timestamp']).timestampAuthorities
        : base.timestampAuthorities,
      thresholds: {
        certificateLogs: keyless?.insecureIgnoreSCT === true ? 0 : 1,
        timestamps: stamped ? 1 : 0,
      },
    };
    if (ctlog !== undefined && !isOff(ctlog) && vouching.logs.length === 0)
      throw invalid(policy.source, [...at, 'ctlog'], 'the root that it refers to names no transparency log');
    made.set(wanted, vouching);
    return vouching;
  };
}

const nothing: TrustedRoot = { logs: [], certificateLogs: [], authorities: [], timestampAuthorities: [] };

function isOff(ctlog: NonNullable<CipAuthority['ctlog']>): boolean {
  return ctlog.url === undefined && ctlog.trustRootRef === undefined;
}

function logsFor(
  base: TrustedRoot,
  ctlog: CipAuthority['ctlog'],
  named: () => TrustedRoot,
): TrustedRoot['logs'] {
  if (ctlog === undefined) return base.logs;
  if (isOff(ctlog)) return [];
  return ctlog.trustRootRef === undefined && base !== nothing ? base.logs : named().logs;
}
