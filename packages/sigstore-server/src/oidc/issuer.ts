import { createHash, timingSafeEqual } from 'node:crypto';
import type { SigningKey } from '@pratique/crypto';
import { formatPem } from '@pratique/crypto';
import { type CryptoKey, createLocalJWKSet, exportJWK, importPKCS8, type JWK, SignJWT } from 'jose';
import { parseIssuers } from './issuers.ts';

/** How long a token is good. */
export const tokenSeconds = 300;

/** People and their secrets: random text, one each. */
export type People = ReadonlyMap<string, string>;

/** RS256, because cosign takes no token for one that has another. */
export const algorithm = 'RS256';

/** Our own issuer: says who somebody is that knows the secret which was made for them. */
export class OidcIssuer {
  readonly url: string;
  readonly #key: CryptoKey;
  /** The public key, as it is published. */
  readonly jwk: JWK;
  readonly #people: People;

  private constructor(url: string, key: CryptoKey, jwk: JWK, people: People) {
    this.url = url;
    this.#key = key;
    this.jwk = jwk;
    this.#people = people;
  }

  static async create(url: string, key: SigningKey, people: People): Promise<OidcIssuer> {
    const imported = await importPKCS8(formatPem('PRIVATE KEY', key.exportPkcs8()), algorithm);
    const jwk = await exportJWK(key.publicKey.keyObject);
    const kid = key.publicKey.fingerprint.slice('sha256:'.length, 'sha256:'.length + 16);
    return new OidcIssuer(url, imported, { ...jwk, kid, alg: algorithm, use: 'sig' }, people);
  }

  /** What Fulcio needs to believe it. */
  get trusted() {
    const [issuer] = parseIssuers([{ url: this.url, type: 'email' }]);
    return { issuer: issuer!, keys: createLocalJWKSet({ keys: [this.jwk] }) };
  }

  /** An identity token for one of the people, good for five minutes. */
  issue(email: string, audience = 'sigstore', nonce: string | null = null): Promise<string> {
    return new SignJWT({ email, email_verified: true, ...(nonce === null ? {} : { nonce }) })
      .setProtectedHeader({ alg: algorithm, kid: this.jwk.kid!, typ: 'JWT' })
      .setIssuer(this.url)
      .setSubject(email)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .sign(this.#key);
  }

  /** Whether this is the secret of one of the people. */
  knows(email: string, secret: string): boolean {
    // Somebody unknown is compared too, so that the time does not tell who is known.
    const expected = this.#people.get(email) ?? '';
    const same = timingSafeEqual(sha256(expected), sha256(secret));
    return same && expected !== '';
  }
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
