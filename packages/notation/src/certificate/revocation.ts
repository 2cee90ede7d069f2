import { type Certificate, DerReader, oids, readDer } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';

/**
 * The first certificate of a chain that says where its revocation can be asked for (OCSP in its authority information
 * access, or CRL distribution points), the root left out, which nobody revokes; undefined where none does.
 */
export function firstRevocable(chain: readonly Certificate[]): Certificate | undefined {
  return chain.slice(0, -1).find(namesRevocation);
}

function namesRevocation({ extensions }: Certificate): boolean {
  if (extensions.has(oids.crlDistributionPoints)) return true;
  const access = extensions.get(oids.authorityInformationAccess);
  if (access === undefined) return false;
  try {
    const list = readDer(access.value);
    while (!list.done) if (new DerReader(list.element().content).oid() === oids.ocsp) return true;
    return false;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    // What cannot be read may name one.
    return true;
  }
}
