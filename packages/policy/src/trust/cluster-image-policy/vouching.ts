import { basicConstraints, equalBytes, parseCertificate, parsePem } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import type { CertificateAuthority, TrustedRoot } from '@pratique/sigstore';
import { invalid, type Path } from '../problems.ts';
import type { LogTrust, Vouching } from '../types.ts';
import { textOf } from './key-text.ts';
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
  objects: Objects,
  fallback: Omit<LogTrust, 'trustedRoot'> | null,
  fetched: FetchedRoots,
): VouchingFor {
  const { trustRoots } = objects;
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
    const baseOf = (given: CipAuthority['keyless']): TrustedRoot => {
      if (given === undefined) return nothing;
      const certificate = given['ca-cert'];
      const path: Path = [...at, 'keyless'];
      if (certificate === undefined) return rootOf(given.trustRootRef, path);
      const authorities = [authorityBy(policy, [...path, 'ca-cert'], certificate, objects)];
      // Its certificates may be in no log of a Sigstore, and its signatures stamped by somebody who is named.
      const alone = given.trustRootRef === undefined && fallback === null;
      return { ...(alone ? nothing : rootOf(given.trustRootRef, path)), authorities };
    };
    const wanted = JSON.stringify([
      keyless === undefined,
      keyless?.trustRootRef,
      keyless?.insecureIgnoreSCT,
      keyless?.['ca-cert'],
      ctlog,
      rfc3161timestamp,
    ]);
    const known = made.get(wanted);
    if (known !== undefined) return known;
    const base = baseOf(keyless);
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
    if (
      keyless?.['ca-cert'] !== undefined &&
      vouching.logs.length + vouching.timestampAuthorities.length === 0
    ) {
      throw invalid(
        policy.source,
        [...at, 'keyless'],
        'nothing would say when a signature was made, so no certificate could be believed',
        { expected: 'ctlog or rfc3161timestamp with a trustRootRef' },
      );
    }
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
  return ctlog.trustRootRef === undefined && base.logs.length > 0 ? base.logs : named().logs;
}

const maxCertificates = 10;

/** The authority of `ca-cert`: certificates that issued themselves are its roots, the others stand between. */
function authorityBy(
  policy: Placed<ClusterImagePolicy>,
  at: Path,
  given: NonNullable<CipAuthority['key']>,
  objects: Objects,
): CertificateAuthority {
  const refuse = (message: string, cause?: unknown) =>
    invalid(policy.source, at, message, {
      expected: 'certificates of an authority, PEM, a root among them',
      cause,
    });
  if (given.kms !== undefined) throw refuse('a certificate is not fetched from a key management service');
  const text = textOf(policy, at, given, objects);
  try {
    const certificates = parsePem(text, 'ca-cert').map(({ label, bytes }) => {
      if (label !== 'CERTIFICATE')
        throw refuse(`it holds something else than certificates: ${printable(label)}`);
      return parseCertificate(bytes);
    });
    const isRoot = ({ issuer, subject }: (typeof certificates)[number]) => equalBytes(issuer, subject);
    const anchors = certificates.filter(isRoot);
    if (anchors.length === 0 || certificates.length > maxCertificates)
      throw refuse(`there is no root among its ${certificates.length} certificates, or they are too many`);
    if (certificates.some((certificate) => !basicConstraints(certificate).ca))
      throw refuse('one of its certificates is not one of an authority');
    return { uri: 'ca-cert', anchors, intermediates: certificates.filter((one) => !isRoot(one)) };
  } catch (cause) {
    if (!(cause instanceof PratiqueError) || cause.code === 'TRUST_INVALID') throw cause;
    throw refuse(cause.message, cause);
  }
}
