import type { Certificate } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import type { Descriptor } from '@pratique/oci';
import { type Envelope, parseEnvelope } from '../envelope/envelope.ts';
import { notationErrors } from '../errors.ts';
import { describeSubject } from '../trust/distinguished-name.ts';
import type { TrustStatement } from '../trust/statement.ts';
import type { NotationItem, NotationRejection, NotationSignature } from '../types.ts';
import { checkAuthenticity } from './authenticity.ts';
import { type Chain, checkSignature, readChain } from './integrity.ts';
import { LevelChecks } from './level-checks.ts';
import { checkSubject, parsePayload, type TargetArtifact } from './payload.ts';
import { checkRevocation } from './revocation.ts';
import { checkTime } from './time.ts';

/** What a candidate came to. `genuine` says whether its signer is one that the statement trusts, whatever its level. */
export type NotationVerdict =
  | { readonly ok: true; readonly genuine: boolean; readonly signature: NotationSignature }
  | { readonly ok: false; readonly rejection: NotationRejection };

/** An envelope whose signature is by its first certificate, and is about the image. Whose that is, is not known yet. */
export interface Sound {
  readonly envelope: Envelope;
  readonly chain: Chain;
  readonly target: TargetArtifact;
}

/**
 * What is so of a candidate whoever is trusted: it is well formed, its chain may sign, it was signed by that, and it is
 * about `subject`.
 *
 * @throws NOTATION_ENVELOPE_INVALID, NOTATION_CRITICAL_HEADER, NOTATION_PLUGIN_NEEDED, NOTATION_CHAIN_INVALID,
 * NOTATION_ALGORITHM_MISMATCH, NOTATION_SIGNATURE_INVALID, NOTATION_PAYLOAD_INVALID, NOTATION_SUBJECT_MISMATCH
 */
export function checkIntegrity(item: NotationItem, subject: Descriptor): Sound {
  const envelope = parseEnvelope(item.envelope, item.bytes);
  const chain = readChain(envelope);
  checkSignature(envelope, chain);
  const target = parsePayload(envelope);
  checkSubject(target, subject);
  return { envelope, chain, target };
}

/**
 * Whether a candidate is a signature of `subject` that a statement accepts (trust-store-trust-policy.md, "Signature
 * Evaluation"). Integrity, chain rules and subject are enforced at every level but `skip`, which is not for here; of the
 * rest, what the level does not enforce is told in `checks`.
 *
 * Pure: no I/O, no clock; never throws for hostile input.
 */
export function verifyNotation(
  item: NotationItem,
  subject: Descriptor,
  statement: TrustStatement,
  now: Date,
): NotationVerdict {
  const list = new LevelChecks(statement.level);
  try {
    const { envelope, chain, target } = list.run(
      'integrity',
      () => checkIntegrity(item, subject),
      ({ envelope: { format, algorithm } }) => `${format}, ${algorithm}`,
    );
    const anchor = list.byLevel(
      'authenticity',
      () => checkAuthenticity(chain, envelope.scheme, statement),
      (found: Certificate) => `trusted by ${describeSubject(found)}`,
    );
    list.byLevel(
      'expiry',
      () => checkExpiry(envelope, now),
      (text) => text,
    );
    const signedAt = list.byLevel(
      'authenticTimestamp',
      () => checkTime(envelope, chain, statement, now),
      (time) => (time === null ? 'its certificates are valid' : `signed at ${time.toISOString()}`),
    );
    list.byLevel(
      'revocation',
      () => checkRevocation(chain),
      () => 'its certificates cannot be revoked',
    );
    return {
      ok: true,
      genuine: anchor !== null,
      signature: {
        format: 'notation',
        source: item.source,
        signer: {
          kind: 'identity',
          subject: describeSubject(chain[0]),
          issuer: describeSubject(anchor ?? chain.at(-1)!),
          extensions: {},
        },
        annotations: target.annotations,
        signedAt: signedAt?.toISOString() ?? null,
        log: null,
        checks: list.checks,
      },
    };
  } catch (error) {
    return { ok: false, rejection: { source: item.source, ...refusal(error), checks: list.checks } };
  }
}

function checkExpiry({ expiry }: Envelope, now: Date): string {
  if (expiry === null) return 'it does not expire';
  if (now < expiry) return `until ${expiry.toISOString()}`;
  throw notationErrors.error('NOTATION_SIGNATURE_EXPIRED', {
    message: 'the signature has expired',
    expected: `a time before ${expiry.toISOString()}`,
    found: now.toISOString(),
  });
}

/** A refusal with the code of what was thrown; what is no error of ours is a defect, and refuses as well. */
export function refusal(error: unknown): Pick<NotationRejection, 'code' | 'message' | 'expected' | 'found'> {
  if (!(error instanceof PratiqueError))
    return { code: 'NOTATION_ENVELOPE_INVALID', message: 'the signature made the verifier itself fail' };
  const { code, message, expected, found } = error;
  return {
    code,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  };
}
