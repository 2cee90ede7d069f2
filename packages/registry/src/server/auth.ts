import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessRequest, Authenticator } from '../options.ts';

/**
 * Basic authentication over a fixed list of users (RFC 7617): whoever is on it may do everything. For anything finer
 * write an `Authenticator`.
 */
export function basicAuth(users: Readonly<Record<string, string>>, realm = 'pratique'): Authenticator {
  // Digests are compared, so that neither the length nor a shared prefix of a password shows in the time taken.
  const known = Object.entries(users).map(([name, password]) => hash(`${name}:${password}`));
  return {
    challenge: `Basic realm="${realm}"`,
    decide({ authorization }: AccessRequest) {
      const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '')?.[1];
      if (encoded === undefined) return 'unauthenticated';
      const given = hash(Buffer.from(encoded, 'base64').toString());
      let found = false;
      for (const candidate of known) if (timingSafeEqual(candidate, given)) found = true;
      return found ? 'allowed' : 'unauthenticated';
    },
  };
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
