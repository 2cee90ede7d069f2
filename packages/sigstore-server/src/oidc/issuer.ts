import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { SigningKey } from '@pratique/crypto';
import { formatPem } from '@pratique/crypto';
import { Hono } from 'hono';
import { type CryptoKey, createLocalJWKSet, exportJWK, importPKCS8, type JWK, SignJWT } from 'jose';
import { readBody } from '../http/request.ts';
import { parseIssuers } from './issuers.ts';

const tokenSeconds = 300;

/** People and their secrets: random text, one each. */
export type People = ReadonlyMap<string, string>;

/** RS256, because cosign takes no token for one that has another. */
const algorithm = 'RS256';

/** Our own issuer: says who somebody is that knows the secret which was made for them. */
export class OidcIssuer {
  readonly url: string;
  readonly #key: CryptoKey;
  readonly #jwk: JWK;
  readonly #people: People;

  private constructor(url: string, key: CryptoKey, jwk: JWK, people: People) {
    this.url = url;
    this.#key = key;
    this.#jwk = jwk;
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
    return { issuer: issuer!, keys: createLocalJWKSet({ keys: [this.#jwk] }) };
  }

  /** An identity token for one of the people, good for five minutes. */
  issue(email: string, audience = 'sigstore'): Promise<string> {
    return new SignJWT({ email, email_verified: true })
      .setProtectedHeader({ alg: algorithm, kid: this.#jwk.kid!, typ: 'JWT' })
      .setIssuer(this.url)
      .setSubject(email)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .sign(this.#key);
  }

  /** Discovery, keys, and tokens for the secret (RFC 6749 §4.4), below the issuer's URL. */
  routes(): Hono<{ Bindings: HttpBindings }> {
    const app = new Hono<{ Bindings: HttpBindings }>();
    app.get('/.well-known/openid-configuration', (context) =>
      context.json({
        issuer: this.url,
        jwks_uri: `${this.url}/keys`,
        token_endpoint: `${this.url}/token`,
        response_types_supported: ['id_token'],
        grant_types_supported: ['client_credentials'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [algorithm],
        claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'email', 'email_verified'],
      }),
    );
    app.get('/keys', (context) => context.json({ keys: [this.#jwk] }));
    app.post('/token', async (context) => {
      const body = await readBody(context.env.incoming, 8 * 1024);
      const form = new URLSearchParams(new TextDecoder().decode(body));
      context.header('cache-control', 'no-store');
      if (form.get('grant_type') !== 'client_credentials') {
        return context.json({ error: 'unsupported_grant_type' }, 400);
      }
      const [email, secret] = [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
      if (!this.#knows(email, secret)) return context.json({ error: 'invalid_client' }, 401);
      const token = await this.issue(email, form.get('audience') ?? 'sigstore');
      return context.json({
        access_token: token,
        id_token: token,
        token_type: 'Bearer',
        expires_in: tokenSeconds,
      });
    });
    return app;
  }

  #knows(email: string, secret: string): boolean {
    // Somebody unknown is compared too, so that the time does not tell who is known.
    const expected = this.#people.get(email) ?? '';
    const same = timingSafeEqual(sha256(expected), sha256(secret));
    return same && expected !== '';
  }
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
