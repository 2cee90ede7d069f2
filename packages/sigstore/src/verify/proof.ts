import type { PublicKey, SignatureScheme } from '@pratique/crypto';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import type { SignedData } from '../tlog/signed-content.ts';
import { checkUntimedEntry } from '../tlog/verify-entries.ts';
import type { Trust, TrustedKey } from '../trust/trust.ts';
import type { GivenParts, Signer } from '../types.ts';
import { type CertificateMaterial, readSigningCertificate, type SigningCertificate } from './certificate.ts';
import { checkCertificateLogs } from './certificate-log.ts';
import { checkCertificatePath } from './certificate-path.ts';
import type { CheckList } from './check-list.ts';
import { checkIdentity } from './identity.ts';
import { checkLog } from './log.ts';
import { checkKeyValidity, findSigner } from './signer.ts';
import { checkTimestamps } from './timestamps.ts';

/** What comes with a signature to say who made it and when. Read only where it can matter. */
export interface Material {
  readonly signer:
    | { readonly kind: 'public-key'; readonly hint: string | null }
    | ({ readonly kind: 'certificate' } & CertificateMaterial);
  readonly entries: () => readonly LogEntry[];
  /** RFC 3161 TimeStampResp, DER. */
  readonly timestamps: () => readonly Uint8Array[];
  /** What the timestamps are of, where it is not the signature. */
  readonly stamped?: Uint8Array;
  /** What was said beside the signature. */
  readonly given?: GivenParts;
}

/** Whose key verifies the signature: a trusted key, or a certificate of which nothing is believed yet. */
export type Claim =
  | { readonly kind: 'key'; readonly key: PublicKey; readonly trusted: TrustedKey }
  | ({
      readonly kind: 'certificate';
      readonly key: PublicKey;
      /** The signature carries it, so that log entries name it; else they name the key. */
      readonly carried: boolean;
    } & SigningCertificate);

/** Who made a signature, and when, as far as it is proven. */
export interface Proof {
  readonly signer: Signer;
  /** The earliest proven moment, RFC 3339. */
  readonly signedAt: string | null;
  readonly log: { readonly id: string; readonly index: string } | null;
}

/** A proof, and whether a trusted authority stamped the signature. */
export interface Proved {
  readonly proof: Proof;
  readonly stamped: boolean;
}

/**
 * First half: finds the key that verifies the signature.
 *
 * @throws SIGNER_UNTRUSTED, SIGNATURE_INVALID, NO_CERTIFICATE, CERTIFICATE_NOT_TRUSTED, CERTIFICATE_MISMATCH and what
 *   reading throws
 */
export function checkSignature(
  { signer, given }: Material,
  verify: (key: PublicKey, schemes?: readonly SignatureScheme[]) => SignatureScheme | null,
  trust: Trust,
  list: CheckList,
): Claim {
  if (signer.kind === 'certificate' || given?.certificate !== undefined) {
    const carried = signer.kind === 'certificate';
    const read = readSigningCertificate(
      carried ? signer : null,
      given?.certificate,
      ({ publicKey }) => verify(publicKey),
      trust,
      list,
    );
    return { kind: 'certificate', key: read.certificate.publicKey, carried, ...read };
  }
  if (trust.keys.length === 0 && (trust.identities ?? []).length > 0) {
    throw sigstoreErrors.error('NO_CERTIFICATE', {
      message: 'an identity is asked for, and the signature is by a bare key',
      expected: 'a certificate',
      found: 'a public key',
    });
  }
  const found = list.run(
    'signature',
    () => findSigner(trust.keys, signer.hint, ({ key, schemes }) => verify(key, schemes)),
    ({ scheme, signer: { name } }) => `${scheme} by ${name}`,
  );
  return { kind: 'key', key: found.signer.key, trusted: found.signer };
}

/**
 * Second half: proves when the signature was made and, for a certificate, that a trusted authority gave it to a
 * trusted identity at that time. Order and rules are those of the Sigstore client specification §4: time first, from
 * verified log promises and timestamps only, then the path at each of those times, certificate logs, identity.
 *
 * @param now stands for the time where a key's is not proven; a certificate is never judged by it
 */
export function proveSigner(
  claim: Claim,
  data: SignedData,
  signature: Uint8Array,
  material: Material,
  trust: Trust,
  now: Date,
  list: CheckList,
): Proved {
  const certificate = claim.kind === 'certificate' && claim.carried ? claim.certificate.der : null;
  const content = { ...data, signature, key: claim.key, certificate };
  const logged = checkLog(material.entries, content, trust, list);
  const stamped = checkTimestamps(material.timestamps, material.stamped ?? signature, trust, list);
  const stamps = stamped.map(({ time }) => time);
  for (const { log, time, witnesses } of logged) {
    if (time === null) checkUntimedEntry(log, [...stamps, ...witnesses.map((seen) => seen.time)], now);
  }
  const times = [...logged.flatMap(({ time }) => (time === null ? [] : [time])), ...stamps];
  const signer =
    claim.kind === 'key'
      ? proveKey(claim.trusted, times.length === 0 ? [now] : times, list)
      : proveIdentity(claim, times, material.given, trust, list);
  const [first] = logged;
  return {
    proof: {
      signer,
      signedAt: times.length === 0 ? null : new Date(Math.min(...times.map(Number))).toISOString(),
      log: first === undefined ? null : { id: first.log.id, index: first.index },
    },
    stamped: stamped.length > 0,
  };
}

function proveKey(trusted: TrustedKey, times: readonly Date[], list: CheckList): Signer {
  list.run(
    'key-validity',
    () => {
      for (const time of times) checkKeyValidity(trusted, time);
    },
    () => trusted.name,
  );
  return { kind: 'key', name: trusted.name, fingerprint: trusted.key.fingerprint };
}

function proveIdentity(
  { certificate, issuers }: SigningCertificate,
  times: readonly Date[],
  given: GivenParts | undefined,
  trust: Trust,
  list: CheckList,
): Signer {
  list.run(
    'signing-time',
    () => {
      if (times.length > 0) return;
      throw sigstoreErrors.error('SIGNING_TIME_MISSING', {
        message: 'nothing proves when the signature was made',
        expected: 'an inclusion promise of a trusted log, or a timestamp of a trusted authority',
        found: 'neither',
      });
    },
    () => times.map((time) => time.toISOString()).join(', '),
  );
  const issuer = list.run(
    'certificate-path',
    () => checkCertificatePath(certificate, times, trust.authorities ?? [], issuers),
    () => 'issued by a trusted authority, valid at every proven time',
  );
  const threshold = trust.thresholds?.certificateLogs ?? 1;
  if (threshold === 0) {
    list.skip('certificate-log', 'not asked for');
  } else {
    list.run(
      'certificate-log',
      () =>
        checkCertificateLogs(
          certificate,
          issuer,
          trust.certificateLogs ?? [],
          threshold,
          given?.certificateTimestamp,
        ),
      (ids) => ids.join(', '),
    );
  }
  const { signer } = list.run(
    'identity',
    () => checkIdentity(certificate, trust.identities ?? []),
    (found) => `${found.signer.subject}, issuer ${found.signer.issuer}`,
  );
  return signer;
}
