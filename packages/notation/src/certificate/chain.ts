import {
  basicConstraints,
  type Certificate,
  equalBytes,
  extendedKeyUsage,
  isSignedBy,
  type KeyUsage,
  keyUsage,
  oids,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { algorithmOf } from '../envelope/algorithm.ts';
import { formatName } from './name.ts';

/** What the certificate at the beginning of a chain is for. */
export type ChainPurpose = 'signing' | 'timestamping';

/** Critical extensions whose meaning is looked at here. A chain with any other one is refused (RFC 5280 §4.2). */
const understood: ReadonlySet<string> = new Set([
  oids.keyUsage,
  oids.basicConstraints,
  oids.extendedKeyUsage,
  oids.subjectAltName,
  oids.certificatePolicies,
]);

/** What a signer's key must not be used for beside signing. */
const otherUsages: ReadonlySet<KeyUsage> = new Set([
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]);

const otherPurposes: ReadonlySet<string> = new Set([
  oids.anyExtendedKeyUsage,
  oids.serverAuth,
  oids.clientAuth,
  oids.emailProtection,
  oids.timeStamping,
  oids.ocspSigning,
]);

/**
 * What is wrong with a chain, or null (signature-specification.md, "Certificate Requirements"): complete from the signer
 * to a self-signed root and in that order, each issued by the next one, and each allowed to do what it does. Whether any
 * of them is trusted, and when they are valid, is not looked at. A chain of one is a self-signed signer.
 *
 * Pure; never throws for hostile input.
 */
export function chainProblem(chain: readonly Certificate[], purpose: ChainPurpose): string | null {
  try {
    return problemOf(chain, purpose);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return error.message;
  }
}

function problemOf(chain: readonly Certificate[], purpose: ChainPurpose): string | null {
  const [leaf] = chain;
  if (leaf === undefined) return 'there is no certificate';
  for (const [index, certificate] of chain.entries()) {
    const name = shown(certificate);
    const issuer = chain[index + 1];
    const selfSigned = isIssuedBy(certificate, certificate);
    if (issuer === undefined && !selfSigned) return `it ends with ${name}, which is no self-signed root`;
    if (issuer !== undefined && selfSigned) return `${name} is self-signed and does not stand at its end`;
    if (issuer !== undefined && !isIssuedBy(certificate, issuer))
      return `${name} was not issued by ${shown(issuer)}, which stands after it`;
    const problem =
      unknownExtension(certificate) ??
      (index === 0 ? leafProblem(certificate, purpose) : authorityProblem(certificate, purpose, index - 1));
    if (problem !== null) return `${name} ${problem}`;
  }
  return null;
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return equalBytes(certificate.issuer, issuer.subject) && isSignedBy(certificate, issuer);
}

function unknownExtension({ extensions }: Certificate): string | null {
  for (const [oid, { critical }] of extensions)
    if (critical && !understood.has(oid)) return `has the critical extension ${oid}, which is not understood`;
  return null;
}

function leafProblem(leaf: Certificate, purpose: ChainPurpose): string | null {
  if (basicConstraints(leaf).ca) return 'is an authority, and must not sign itself';
  const usages = keyUsage(leaf);
  if (usages === null) return 'has no key usage';
  // The one rule that is laxer for timestamps.
  if (purpose === 'signing' && !isCritical(leaf, oids.keyUsage))
    return 'has a key usage that is not critical';
  if (!usages.includes('digitalSignature')) return 'has a key usage without digitalSignature';
  const other = usages.find((usage) => otherUsages.has(usage));
  if (other !== undefined) return `has the key usage ${other}, too`;
  if (algorithmOf(leaf.publicKey) === null)
    return `has a key that does not sign: ${leaf.publicKey.algorithm}, ${leaf.publicKey.bits} bits`;
  const purposes = extendedKeyUsage(leaf);
  if (purpose === 'timestamping') {
    const alone = purposes?.length === 1 && purposes[0] === oids.timeStamping;
    return alone && isCritical(leaf, oids.extendedKeyUsage) ? null : 'is not for timestamps alone';
  }
  const wrong = purposes?.find((one) => otherPurposes.has(one));
  return wrong === undefined ? null : `has the extended key usage ${wrong}`;
}

function authorityProblem(authority: Certificate, purpose: ChainPurpose, below: number): string | null {
  const { ca, pathLength } = basicConstraints(authority);
  if (!ca) return 'is no authority';
  if (pathLength !== null && pathLength < below)
    return `allows ${pathLength} authorities below it, and there are ${below}`;
  const usages = keyUsage(authority);
  if (usages === null) return 'has no key usage';
  if (purpose === 'signing' && !isCritical(authority, oids.keyUsage))
    return 'has a key usage that is not critical';
  return usages.includes('keyCertSign') ? null : 'has a key usage without keyCertSign';
}

function isCritical({ extensions }: Certificate, oid: string): boolean {
  return extensions.get(oid)?.critical === true;
}

function shown({ subject }: Certificate): string {
  return formatName(subject) || 'a certificate without a name';
}
