import { PratiqueError } from '@pratique/errors';
import { equalBytes } from '../encoding/bytes.ts';
import type { Certificate } from './certificate.ts';
import { basicConstraints, extendedKeyUsage, type KeyUsage, keyUsage } from './extensions.ts';
import { oids } from './oids.ts';
import { isSignedBy } from './signature.ts';

/** What a path is verified against. */
export interface PathOptions {
  /** Certificates believed without further proof. */
  readonly anchors: readonly Certificate[];
  /** Certificates that may stand between the leaf and an anchor. They prove nothing by themselves. */
  readonly intermediates: readonly Certificate[];
  /** The moment at which every certificate, the anchor included, must be valid. */
  readonly time: Date;
  /** OID of the extended key usage the leaf must have and every authority above it must not exclude. */
  readonly purpose: string;
}

/** Leaf first, anchor last; or why there is none. */
export type PathResult =
  | { readonly ok: true; readonly path: readonly [Certificate, Certificate, ...Certificate[]] }
  | { readonly ok: false; readonly problem: string };

/** Longest path, and most signatures checked while looking for one. */
const maxLength = 8;
const maxChecks = 64;

/** Critical extensions whose meaning is checked here. Any other critical one makes a path invalid (RFC 5280 §4.2). */
const understood: ReadonlySet<string> = new Set([
  oids.keyUsage,
  oids.subjectAltName,
  oids.basicConstraints,
  oids.extendedKeyUsage,
]);

/**
 * Builds and validates a certification path from `leaf` to an anchor (RFC 5280 §6.1): names chain, signatures verify,
 * every certificate is valid at `time`, every issuer is an authority that may sign certificates with enough path
 * length, extended key usages nest, and nothing critical is left unread. Name constraints are not evaluated: an
 * authority that has them is refused. Revocation is not looked at.
 *
 * Pure; never throws for hostile input.
 */
export function verifyPath(leaf: Certificate, options: PathOptions): PathResult {
  const search: Search = { options, problem: 'no trusted authority issued it', checks: 0 };
  try {
    const powers = readPowers(leaf);
    const { purposes, usages, ca } = powers;
    if (purposes === null || !purposes.includes(options.purpose))
      return { ok: false, problem: `its extended key usage is not ${options.purpose}` };
    const signs = usages?.some((usage) => usage === 'digitalSignature' || usage === 'nonRepudiation');
    if (signs === false) return { ok: false, problem: 'its key usage is not digitalSignature' };
    if (ca) return { ok: false, problem: 'it is an authority’s own certificate' };
    const problem = unfit(leaf, powers, options);
    if (problem !== null) return { ok: false, problem };
    const path = extend([leaf], search);
    return path === null ? { ok: false, problem: search.problem } : { ok: true, path };
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return { ok: false, problem: error.message };
  }
}

/** What a certificate's own extensions let its key do. */
interface Powers {
  readonly ca: boolean;
  readonly pathLength: number | null;
  readonly usages: readonly KeyUsage[] | null;
  readonly purposes: readonly string[] | null;
  /** OID of a critical extension that is not understood. */
  readonly unknown: string | undefined;
}

function readPowers(certificate: Certificate): Powers {
  const { ca, pathLength } = basicConstraints(certificate);
  return {
    ca,
    pathLength,
    usages: keyUsage(certificate),
    purposes: extendedKeyUsage(certificate),
    unknown: unknownExtension(certificate),
  };
}

/** Read once: authorities are asked for theirs with every signature below them. */
const known = new WeakMap<Certificate, Powers>();

function authorityPowers(certificate: Certificate): Powers {
  let powers = known.get(certificate);
  if (powers === undefined) {
    powers = readPowers(certificate);
    known.set(certificate, powers);
  }
  return powers;
}

function unknownExtension({ extensions }: Certificate): string | undefined {
  for (const [oid, { critical }] of extensions) if (critical && !understood.has(oid)) return oid;
  return undefined;
}

interface Search {
  readonly options: PathOptions;
  /** Why the best candidate so far was refused. */
  problem: string;
  checks: number;
}

type Path = readonly [Certificate, ...Certificate[]];
type CompletePath = readonly [Certificate, Certificate, ...Certificate[]];

function extend(path: Path, search: Search): CompletePath | null {
  const last = path.at(-1)!;
  const { anchors, intermediates } = search.options;
  for (const anchor of anchors) {
    if (issued(anchor, last, path.length - 1, search))
      return [path[0], ...path.slice(1), anchor] as unknown as CompletePath;
  }
  if (path.length >= maxLength) return null;
  for (const candidate of intermediates) {
    if (path.includes(candidate) || !issued(candidate, last, path.length - 1, search)) continue;
    const found = extend([...path, candidate], search);
    if (found !== null) return found;
  }
  return null;
}

/** Whether `issuer` may have issued `subject` and did; `below` authorities stand under the issuer already. */
function issued(issuer: Certificate, subject: Certificate, below: number, search: Search): boolean {
  if (!equalBytes(issuer.subject, subject.issuer) || ++search.checks > maxChecks) return false;
  const problem = unfitAuthority(issuer, below, search.options);
  if (problem !== null) {
    search.problem = `its authority cannot be used: ${problem}`;
    return false;
  }
  if (isSignedBy(subject, issuer)) return true;
  search.problem = 'its authority’s key did not sign it';
  return false;
}

function unfitAuthority(issuer: Certificate, below: number, options: PathOptions): string | null {
  const powers = authorityPowers(issuer);
  const { ca, pathLength, usages, purposes } = powers;
  if (!ca) return 'it is not a certificate authority';
  if (pathLength !== null && pathLength < below) return 'more authorities stand below it than it allows';
  if (usages !== null && !usages.includes('keyCertSign')) return 'its key usage is not keyCertSign';
  if (
    purposes !== null &&
    !purposes.includes(options.purpose) &&
    !purposes.includes(oids.anyExtendedKeyUsage)
  )
    return `its extended key usage is not ${options.purpose}`;
  if (issuer.extensions.has(oids.nameConstraints)) return 'it has name constraints, which are not evaluated';
  return unfit(issuer, powers, options);
}

function unfit(
  { validFrom, validUntil }: Certificate,
  { unknown }: Powers,
  { time }: PathOptions,
): string | null {
  if (time.getTime() < validFrom.getTime() || time.getTime() > validUntil.getTime())
    return `it is valid from ${validFrom.toISOString()} to ${validUntil.toISOString()}, not at ${time.toISOString()}`;
  return unknown === undefined ? null : `it has the unknown critical extension ${unknown}`;
}
