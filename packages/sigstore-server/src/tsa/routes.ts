import type { HttpBindings } from '@hono/node-server';
import { formatPem, issueTimestamp, parseTimestampRequest, type TimestampIssuer } from '@pratique/crypto';
import { Hono } from 'hono';
import { fromClient, Refusal } from '../http/refusal.ts';
import { readBody } from '../http/request.ts';

/** Policy of Sigstore's timestamp authorities. */
export const timestampPolicy = '1.3.6.1.4.1.57264.2';

/** The timestamp authority (RFC 3161 over HTTP, §3.4), below `/api/v1/timestamp`. */
export function timestampRoutes(
  issuer: TimestampIssuer,
  chain: readonly Uint8Array[],
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.post('/', async (context) => {
    if (context.req.header('content-type') !== 'application/timestamp-query') {
      throw new Refusal(415, 'the body is not application/timestamp-query');
    }
    const body = await readBody(context.env.incoming, 8 * 1024);
    const request = fromClient(() => parseTimestampRequest(body));
    if (request.policy !== null && request.policy !== issuer.policy) {
      throw new Refusal(400, `timestamps are made under policy ${issuer.policy} only`);
    }
    const response = issueTimestamp(request, issuer, new Date());
    return context.body(Uint8Array.from(response), 201, { 'content-type': 'application/timestamp-reply' });
  });
  app.get('/certchain', (context) =>
    context.body(chain.map((der) => formatPem('CERTIFICATE', der)).join(''), 200, {
      'content-type': 'application/pem-certificate-chain',
    }),
  );
  return app;
}
