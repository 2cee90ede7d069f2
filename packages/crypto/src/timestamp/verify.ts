import { PratiqueError } from '@pratique/errors';
import { equalBytes } from '../encoding/bytes.ts';
import { digest } from '../encoding/digest.ts';
import { verifySignature } from '../keys/verify.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { extendedKeyUsage } from '../x509/extensions.ts';
import { oids } from '../x509/oids.ts';
import { verifyPath } from '../x509/path.ts';
import { isSigner, type TimestampToken } from './response.ts';

/** The certificates of one timestamp authority that is believed. */
export interface TimestampSigner {
  /** The authority's own certificate; null to accept any that came along and leads to an anchor. */
  readonly leaf: Certificate | null;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
}

/**
 * `unknown` means that another authority made the timestamp: its signer is not this authority's certificate, or none
 * that leads to it. `problem` means that this authority is named, and the timestamp is not good.
 */
export type TimestampResult =
  | {
      readonly ok: true;
      readonly time: Date;
      /** The authority's certificate first, the anchor last. */
      readonly path: readonly Certificate[];
    }
  | { readonly ok: false; readonly unknown: boolean; readonly problem: string };

/**
 * Verifies that an authority stamped `data` (RFC 3161 §2.2, §2.3): the imprint is of `data`; the one signer is the
 * certificate chosen by its issuer and serial number, and by its hash in the signed attributes; content type and
 * message digest are signed; the certificate has the extended key usage timeStamping, critical and alone; and it led to
 * an anchor at the time of the stamp, with every certificate valid then. All of that is checked on the certificate
 * that verifies the signature, never on another one of the message (CVE-2026-39984).
 *
 * Pure; never throws for hostile input.
 */
export function verifyTimestampToken(
  token: TimestampToken,
  data: Uint8Array,
  authority: TimestampSigner,
): TimestampResult {
  const leaf = chooseLeaf(token, authority);
  if (leaf === null) return { ok: false, unknown: true, problem: 'it is by another authority' };
  try {
    const path = verifyPath(leaf, { ...authority, time: token.time, purpose: oids.timeStamping });
    if (!path.ok) {
      const unknown = authority.leaf === null;
      return { ok: false, unknown, problem: `the authority’s certificate cannot be used: ${path.problem}` };
    }
    const problem = checkLeaf(leaf) ?? checkSignature(token, leaf) ?? checkImprint(token, data);
    return problem === null
      ? { ok: true, time: token.time, path: path.path }
      : { ok: false, unknown: false, problem };
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return { ok: false, unknown: false, problem: error.message };
  }
}

/**
 * Whether a certificate that came along with a timestamp signed it: all that can be said of one without knowing its
 * authority. Returns what is wrong, or null. Pure; never throws for hostile input.
 */
export function checkEmbeddedSigner(token: TimestampToken): string | null {
  const nobody = { leaf: null, intermediates: [], anchors: [] };
  const leaf = chooseLeaf(token, nobody);
  if (leaf === null) return 'the certificate it is by did not come along';
  if (extendedKeyUsage(leaf)?.includes(oids.timeStamping) !== true)
    return 'the authority’s certificate is not for timestamps alone';
  return checkLeaf(leaf) ?? checkSignature(token, leaf);
}

function chooseLeaf(token: TimestampToken, authority: TimestampSigner): Certificate | null {
  if (authority.leaf !== null) return isSigner(token.signer, authority.leaf) ? authority.leaf : null;
  for (const der of token.certificates) {
    try {
      const certificate = parseCertificate(der);
      if (isSigner(token.signer, certificate)) return certificate;
    } catch (error) {
      // One that cannot be read is not the signer's, or the signer is nobody.
      if (!(error instanceof PratiqueError)) throw error;
    }
  }
  return null;
}

function checkLeaf(leaf: Certificate): string | null {
  const usage = extendedKeyUsage(leaf);
  if (leaf.extensions.get(oids.extendedKeyUsage)?.critical !== true || usage?.length !== 1)
    return 'the authority’s certificate is not for timestamps alone';
  return null;
}

function checkSignature({ signer, content }: TimestampToken, leaf: Certificate): string | null {
  if (signer.contentType !== oids.timestampInfo) return 'its signed content type is not a timestamp';
  if (!equalBytes(digest(signer.digestAlgorithm, content), signer.messageDigest))
    return 'its signed hash is of another content';
  const named = signer.certificateHash;
  if (named === null) return 'it does not sign which certificate it is by';
  if (!equalBytes(digest(named.algorithm, leaf.der), named.digest))
    return 'it is signed for another certificate';
  const scheme = verifySignature(leaf.publicKey, signer.signedBytes, signer.signature, [signer.scheme]);
  return scheme === null ? 'the authority did not sign it' : null;
}

function checkImprint({ imprint }: TimestampToken, data: Uint8Array): string | null {
  return equalBytes(digest(imprint.algorithm, data), imprint.digest) ? null : 'it is for something else';
}
