import { type Certificate, parseCertificate } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { chainProblem } from '../certificate/chain.ts';
import { isSignatureOf, requireAlgorithm } from '../envelope/algorithm.ts';
import type { Envelope } from '../envelope/envelope.ts';
import { notationErrors } from '../errors.ts';

/** A chain of certificates, the signer's first, the root last. */
export type Chain = readonly [Certificate, ...Certificate[]];

/** The certificates of an envelope, as a chain that may sign. @throws NOTATION_CHAIN_INVALID */
export function readChain({ certificates }: Envelope): Chain {
  let chain: readonly Certificate[];
  try {
    chain = certificates.map(parseCertificate);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  const problem = chainProblem(chain, 'signing');
  if (problem !== null) throw invalid(problem);
  return chain as unknown as Chain;
}

/**
 * That the key of the first certificate made the signature, in the one algorithm that it signs with.
 *
 * @throws NOTATION_ALGORITHM_MISMATCH, NOTATION_SIGNATURE_INVALID
 */
export function checkSignature(envelope: Envelope, [leaf]: Chain): void {
  const algorithm = requireAlgorithm(leaf.publicKey);
  if (algorithm !== envelope.algorithm) {
    throw notationErrors.error('NOTATION_ALGORITHM_MISMATCH', {
      message: 'the signature names another algorithm than the one of its key',
      expected: algorithm,
      found: envelope.algorithm,
    });
  }
  if (!isSignatureOf(leaf.publicKey, algorithm, envelope.signed, envelope.signature)) {
    throw notationErrors.error('NOTATION_SIGNATURE_INVALID', {
      message: 'the key of the signing certificate did not make the signature',
    });
  }
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_CHAIN_INVALID', {
    message: `the certificate chain cannot be used: ${message}`,
  });
}
