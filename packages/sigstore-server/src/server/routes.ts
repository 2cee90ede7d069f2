import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { certificateLogRoutes } from '../ct/routes.ts';
import { fulcioRoutes } from '../fulcio/routes.ts';
import { Refusal } from '../http/refusal.ts';
import { tileRoutes } from '../log/routes.ts';
import { rekorRoutes } from '../rekor/routes.ts';
import { rekorV2Routes } from '../rekor-v2/routes.ts';
import { searchRoutes } from '../search/routes.ts';
import { timestampPolicy, timestampRoutes } from '../tsa/routes.ts';
import type { Services } from './services.ts';

type Env = { Bindings: HttpBindings };

/** Faults by the request they ended, for the access log. */
export const faults = new WeakMap<object, unknown>();

/** Codes of gRPC's statuses, which the answers of Fulcio and Rekor v2 have. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 409: 6 };

/** Everything on one port: the paths of the services do not meet. */
export function createRoutes(services: Services): Hono<Env> {
  const app = new Hono<Env>();
  const { timestamps } = services.authorities;
  const issuer = { key: services.keys.tsa, certificate: timestamps.leaf, policy: timestampPolicy };
  app.route('/api/v1/timestamp', timestampRoutes(issuer, [timestamps.leaf.der, timestamps.root.der]));
  app.route('/api/v2', rekorV2Routes(services.rekorV2));
  app.route('/api/v1', rekorRoutes(services.rekor));
  app.route('/api/v1/search', searchRoutes({ rekor: services.rekor, 'rekor-v2': services.rekorV2 }));
  app.route('/api', fulcioRoutes(services.fulcio, services.issuers));
  app.route('/ct/v1', certificateLogRoutes(services.certificateLog));
  app.route('/oidc', services.oidc.routes());
  app.route('/tiles/rekor', tileRoutes(services.rekor.log));
  app.route('/tiles/ctlog', tileRoutes(services.certificateLog.log));
  app.get('/tuf/*', (context) => {
    const bytes = services.tuf.read(context.req.path.slice('/tuf/'.length));
    if (bytes === undefined) throw new Refusal(404, 'no such file');
    return context.body(Uint8Array.from(bytes), 200, { 'content-type': 'application/octet-stream' });
  });
  app.notFound((context) => answer(context, 404, 'no such path'));
  app.onError((error, context) => {
    // The rest of a body that was refused is not read: the connection ends with this answer.
    context.header('connection', 'close');
    if (error instanceof Refusal) return answer(context, error.status, error.message);
    faults.set(context.env.outgoing, error);
    return answer(context, 500, 'something unexpected went wrong');
  });
  return app;
}

function answer(context: Context<Env>, status: Refusal['status'] | 500, message: string): Response {
  const grpc = context.req.path.endsWith('/signingCert') || context.req.path.startsWith('/api/v2/');
  return context.json({ code: grpc ? (grpcCodes[status] ?? 13) : status, message, details: [] }, status);
}
