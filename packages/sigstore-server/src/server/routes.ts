import type { HttpBindings } from '@hono/node-server';
import type { HostCheck } from '@pratique/storage';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { certificateLogRoutes } from '../ct/routes.ts';
import { fulcioRoutes } from '../fulcio/routes.ts';
import { requireOwnName } from '../http/listener.ts';
import { Refusal } from '../http/refusal.ts';
import { tileRoutes } from '../log/routes.ts';
import { oidcRoutes } from '../oidc/routes.ts';
import { logNames } from '../options.ts';
import { rekorRoutes } from '../rekor/routes.ts';
import { rekorV2Routes } from '../rekor-v2/routes.ts';
import { searchRoutes } from '../search/routes.ts';
import { timestampRoutes } from '../tsa/routes.ts';
import { createMetrics } from './metrics.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { Services } from './services.ts';

type Env = { Bindings: HttpBindings };

/** Faults by the request they ended, for the access log. */
export const faults = new WeakMap<object, unknown>();

/** Codes of gRPC's statuses, which the answers of Fulcio and Rekor v2 have. */
const grpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  429: 8,
  503: 14,
};

/** Everything on one port: the paths of the services do not meet. */
export function createRoutes(services: Services, mayBeCalled: HostCheck, rateLimit?: number): Hono<Env> {
  const app = new Hono<Env>();
  const metrics = createMetrics(services);
  app.use(async (context, next) => {
    const began = performance.now();
    await next();
    metrics.answered(context.req.path, context.res.status, performance.now() - began);
  });
  app.use(requireOwnName(mayBeCalled));
  if (rateLimit !== undefined) app.use(limitWrites(new RateLimiter(rateLimit)));
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const problems = problemsOf(services, new Date());
    return problems.length === 0 ? context.text('ok\n') : context.text(`${problems.join('\n')}\n`, 503);
  });
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  app.route('/api/v1/timestamp', timestampRoutes(services.timestamps));
  app.route('/api/v2', rekorV2Routes(services.rekorV2));
  app.route('/api/v1', rekorRoutes(services.rekor));
  app.route('/api/v1/search', searchRoutes({ rekor: services.rekor, 'rekor-v2': services.rekorV2 }));
  app.route('/api', fulcioRoutes(services.fulcio, services.issuers));
  app.route('/ct/v1', certificateLogRoutes(services.certificateLog));
  app.route('/oidc', oidcRoutes(services.oidc));
  app.route('/tiles/rekor', tileRoutes(services.rekor.log, services.rekor.published));
  app.route('/tiles/ctlog', tileRoutes(services.certificateLog.log, services.certificateLog.published));
  app.get('/tuf/*', (context) => {
    const bytes = services.tuf.read(context.req.path.slice('/tuf/'.length));
    if (bytes === undefined) throw new Refusal(404, 'no such file');
    return context.body(Uint8Array.from(bytes), 200, { 'content-type': 'application/octet-stream' });
  });
  app.notFound((context) => answer(context, 404, 'no such path'));
  app.onError((error, context) => {
    // The rest of a body that was refused is not read: the connection ends with this answer.
    context.header('connection', 'close');
    if (error instanceof Refusal) {
      if (error.status === 503) context.header('retry-after', '1');
      return answer(context, error.status, error.message);
    }
    faults.set(context.env.outgoing, error);
    return answer(context, 500, 'something unexpected went wrong');
  });
  return app;
}

/** Why nobody should be sent here, for people. */
function problemsOf({ logs, publication }: Services, now: Date): readonly string[] {
  const stopped = logNames.filter((name) => !logs[name].writable);
  const expired = Object.entries(publication.expiries).filter(([, end]) => end <= now);
  return [
    ...(stopped.length === 0 ? [] : [`no entries are taken any more: ${stopped.join(', ')}`]),
    ...expired.map(([role, end]) => `the ${role} metadata of TUF expired at ${end.toISOString()}`),
  ];
}

function limitWrites(limiter: RateLimiter): MiddlewareHandler<Env> {
  return async (context, next) => {
    if (context.req.method === 'POST') {
      const wait = limiter.take(context.env.incoming.socket.remoteAddress ?? '');
      if (wait > 0) {
        context.header('retry-after', String(Math.ceil(wait)));
        throw new Refusal(429, 'too many requests from this address');
      }
    }
    await next();
  };
}

function answer(context: Context<Env>, status: Refusal['status'] | 500, message: string): Response {
  const grpc = context.req.path.endsWith('/signingCert') || context.req.path.startsWith('/api/v2/');
  return context.json({ code: grpc ? (grpcCodes[status] ?? 13) : status, message, details: [] }, status);
}
