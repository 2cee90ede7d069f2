import { basicConstraints, type Certificate, oids, readDer, tags } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import type { NotaryKey } from '../metadata/key.ts';

/** Notary lets a certificate begin a day later than now: it is made with the clock of whoever signs first. */
const leewayMs = 86_400_000;

/**
 * Whether a root key is of this repository: a certificate of its own, not of an authority, whose common name is the
 * repository's, or a beginning of it before a star. One root key often serves many repositories: without this, the trust
 * data of one would pass for that of another.
 */
export function isOfRepository({ certificates }: NotaryKey, repository: string): boolean {
  const [leaf, ...above] = certificates;
  try {
    if (leaf === undefined || isAuthority(leaf) || !above.every(isAuthority)) return false;
    const name = commonName(leaf);
    if (name === undefined) return false;
    return name.endsWith('*') ? repository.startsWith(name.replace(/\*+$/, '')) : name === repository;
  } catch (error) {
    if (error instanceof PratiqueError) return false;
    throw error;
  }
}

/** Whether the certificate of a root key may be used now. */
export function isValidAt({ certificates: [leaf] }: NotaryKey, now: Date): boolean {
  if (leaf === undefined) return false;
  return leaf.validFrom.getTime() <= now.getTime() + leewayMs && now <= leaf.validUntil;
}

function isAuthority(certificate: Certificate): boolean {
  return basicConstraints(certificate).ca;
}

const texts: ReadonlySet<number> = new Set([tags.utf8String, tags.printableString]);

/** The one common name of the subject (UTF8String or PrintableString); undefined where there is not exactly one. */
function commonName({ subject }: Certificate): string | undefined {
  const found: (string | undefined)[] = [];
  const name = readDer(subject);
  while (!name.done) {
    const set = name.nested(tags.set);
    while (!set.done) {
      const attribute = set.nested();
      const oid = attribute.oid();
      const { tag, content } = attribute.element();
      if (oid === oids.commonName)
        found.push(texts.has(tag) ? new TextDecoder('utf-8', { fatal: false }).decode(content) : undefined);
    }
  }
  return found.length === 1 ? found[0] : undefined;
}
