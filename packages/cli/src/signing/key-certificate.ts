import type { Signed } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readCertificates } from '../keys/named-authorities.ts';
import type { Terminal } from '../program/terminal.ts';
import type { SigningFlags } from './open-signer.ts';

/** The certificate of the key, from `--certificate` and `--certificate-chain`; null where none is given. */
export function keyCertificate(
  { key, certificate, 'certificate-chain': chain, 'issue-certificate': issue }: SigningFlags,
  terminal: Terminal,
): Signed['certificate'] {
  if (certificate === undefined && chain === undefined) return null;
  if (certificate === undefined || key === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'a certificate is for a key',
      expected: '--certificate with --key, and --certificate-chain with --certificate',
      found: key === undefined ? 'no --key' : 'no --certificate',
    });
  }
  if (issue) {
    throw cliErrors.error('USAGE', {
      message: 'a key signs with the certificate that it has, or with a new one',
      expected: '--certificate or --issue-certificate',
      found: 'both',
    });
  }
  const [leaf, ...more] = readCertificates(certificate, terminal);
  if (leaf === undefined || more.length > 0) {
    throw cliErrors.error('USAGE', {
      message: '--certificate holds the one certificate of the key',
      expected: 'one certificate; its issuers go into --certificate-chain',
      found: String(more.length + 1),
    });
  }
  return {
    leaf: leaf.der,
    issuers: chain === undefined ? [] : readCertificates(chain, terminal).map(({ der }) => der),
  };
}
