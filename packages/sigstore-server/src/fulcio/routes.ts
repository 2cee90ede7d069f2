import type { HttpBindings } from '@hono/node-server';
import type { JsonObject } from '@pratique/crypto';
import { Hono } from 'hono';
import { Refusal } from '../http/refusal.ts';
import { member, object, readJson, text } from '../http/request.ts';
import { type TrustedIssuers, verifyToken } from '../oidc/tokens.ts';
import type { Fulcio } from './fulcio.ts';
import { type KeyRequest, readRequestV1, readRequestV2 } from './request.ts';

const maxBodyBytes = 64 * 1024;

/** Fulcio's API, versions 1 and 2, below `/api`. */
export function fulcioRoutes(fulcio: Fulcio, issuers: TrustedIssuers): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();

  /** The token is verified first: nobody unknown makes this server check signatures of keys. */
  const issue = async (token: string, read: () => KeyRequest): Promise<readonly string[]> => {
    const identity = await verifyToken(token, issuers);
    const { key, prove } = read();
    prove(identity.challenge);
    return await fulcio.issue(key, identity);
  };

  app.post('/v2/signingCert', async (context) => {
    const body = await readJson(context.env.incoming, maxBodyBytes);
    const token = bearer(context.req.header('authorization')) ?? tokenInBody(body);
    const certificates = await issue(token, () => readRequestV2(body));
    return context.json({ signedCertificateEmbeddedSct: { chain: { certificates } } });
  });

  app.post('/v1/signingCert', async (context) => {
    const body = await readJson(context.env.incoming, maxBodyBytes);
    const token = bearer(context.req.header('authorization'));
    if (token === undefined) throw new Refusal(401, 'there is no identity token');
    const certificates = await issue(token, () => readRequestV1(body));
    return context.body(certificates.join(''), 201, {
      'content-type': 'application/pem-certificate-chain',
    });
  });

  app.get('/v1/rootCert', (context) =>
    context.body(fulcio.chain.join(''), 200, { 'content-type': 'application/pem-certificate-chain' }),
  );
  app.get('/v2/trustBundle', (context) =>
    context.json({ chains: fulcio.trustBundle.map((certificates) => ({ certificates })) }),
  );
  app.get('/v2/configuration', (context) =>
    context.json({
      issuers: issuers.configured.map(({ url, type, audience }) => ({
        ...(url.includes('*') ? { wildcardIssuerUrl: url } : { issuerUrl: url }),
        audience,
        challengeClaim: type === 'email' ? 'email' : 'sub',
        issuerType: type,
      })),
    }),
  );
  return app;
}

function bearer(header: string | undefined): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(header ?? '')?.[1];
}

function tokenInBody(body: JsonObject): string {
  const credentials = member(body, 'credentials');
  if (credentials === undefined) throw new Refusal(401, 'there is no identity token');
  return text(member(object(credentials, 'credentials'), 'oidcIdentityToken'), 'oidcIdentityToken');
}
