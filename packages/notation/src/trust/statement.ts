import { type Certificate, digest, equalBytes, type JsonObject, toHex } from '@pratique/crypto';
import { type DistinguishedName, formatDistinguishedName, mayBeOneSubject } from './distinguished-name.ts';
import type { Level } from './level.ts';

/** When a timestamp has to be there: for every signature, or once a certificate of its chain has expired. */
export type VerifyTimestamp = 'always' | 'afterCertExpiry';

/** Certificates that are believed, by what for. */
export interface TrustStores {
  /** Of signers by the scheme `notary.x509`. */
  readonly ca: readonly Certificate[];
  /** Of signers by the scheme `notary.x509.signingAuthority`. */
  readonly signingAuthority: readonly Certificate[];
  /** Roots of timestamp authorities; where there is none, no timestamp is looked at. */
  readonly tsa: readonly Certificate[];
}

/** A statement of a trust policy, with its certificates: who is believed, and what is asked of signatures. */
export interface TrustStatement {
  readonly name: string;
  readonly level: Level;
  readonly verifyTimestamp: VerifyTimestamp;
  readonly stores: TrustStores;
  /** Subjects of signers; `*` is any that the stores prove. */
  readonly identities: '*' | readonly DistinguishedName[];
}

/** Subjects of signers that would do, for people. */
export function describeIdentities({ identities }: TrustStatement): readonly string[] {
  if (identities === '*') return ['any subject of the trust store'];
  return identities.map((name) => `x509.subject: ${formatDistinguishedName(name)}`);
}

/**
 * Whether one signature may satisfy both. It does not where no subject fits both, or where both trust roots alone and none
 * in common: a chain has one root.
 */
export function mayBeOneSigner(a: TrustStatement, b: TrustStatement): boolean {
  const subjects =
    a.identities === '*' ||
    b.identities === '*' ||
    a.identities.some((one) =>
      (b.identities as readonly DistinguishedName[]).some((other) => mayBeOneSubject(one, other)),
    );
  return (
    subjects &&
    (mayShareChain(a.stores.ca, b.stores.ca) ||
      mayShareChain(a.stores.signingAuthority, b.stores.signingAuthority))
  );
}

function mayShareChain(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  if (a.length === 0 || b.length === 0) return false;
  const rootsOnly = [...a, ...b].every(({ subject, issuer }) => equalBytes(subject, issuer));
  return !rootsOnly || a.some((one) => b.some((other) => equalBytes(one.der, other.der)));
}

/** Everything that decides, as JSON. */
export function statementJson({
  name,
  level,
  verifyTimestamp,
  stores,
  identities,
}: TrustStatement): JsonObject {
  const hashes = (certificates: readonly Certificate[]) =>
    certificates.map(({ der }) => toHex(digest('sha256', der))).toSorted();
  return {
    name,
    actions: { ...level.actions },
    verifyTimestamp,
    stores: {
      ca: hashes(stores.ca),
      signingAuthority: hashes(stores.signingAuthority),
      tsa: hashes(stores.tsa),
    },
    identities: identities === '*' ? '*' : identities.map(formatDistinguishedName).toSorted(),
  };
}
