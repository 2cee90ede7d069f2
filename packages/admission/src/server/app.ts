import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { PratiqueError, printable } from '@pratique/errors';
import type { Decision } from '@pratique/policy';
import type { BudgetShare, ByteBudget } from '@pratique/storage';
import { type Context, Hono } from 'hono';
import { admissionErrors } from '../errors.ts';
import { type AdmissionRequest, parseReview } from '../review/parse.ts';
import { pinPatch } from '../review/patch.ts';
import { encodeResponse, refuse, respond } from '../review/respond.ts';
import { type Review, reviewRequest } from '../review/review.ts';
import { readBody } from './body.ts';
import { innerDeadline } from './deadline.ts';
import type { Endpoint, Metrics, Outcome } from './metrics.ts';
import type { AdmissionLimits, AdmissionOptions } from './options.ts';

type Env = { Bindings: HttpBindings };

/** What the routes share with the server around them. */
export interface Service {
  readonly options: AdmissionOptions;
  readonly limits: AdmissionLimits;
  readonly metrics: Metrics;
  readonly budget: ByteBudget;
  /** Reviews being answered. */
  inFlight: number;
  /** Stopping: no new work should be sent here. */
  closing: boolean;
}

const statusOf: Readonly<Record<string, 400 | 408 | 413 | 415 | 503>> = {
  REVIEW_MALFORMED: 400,
  REVIEW_TOO_SLOW: 408,
  REVIEW_TOO_LARGE: 413,
  REVIEW_MEDIA_TYPE: 415,
  REVIEW_OVERLOADED: 503,
};

export function createRoutes(service: Service): Hono<Env> {
  const app = new Hono<Env>();
  app.post('/validate', (context) => answer(service, 'validate', context));
  app.post('/mutate', (context) => answer(service, 'mutate', context));
  app.get('/healthz', (context) => context.text('ok'));
  app.get('/readyz', (context) => (service.closing ? context.text('stopping', 503) : context.text('ok')));
  app.get('/metrics', async (context) =>
    context.body(await service.metrics.text(), 200, { 'content-type': service.metrics.contentType }),
  );
  app.notFound((context) =>
    context.json({ error: 'POST /validate, POST /mutate, GET /healthz, /readyz, /metrics' }, 404),
  );
  return app;
}

/**
 * Answers one review. What cannot be read is an HTTP error, which the API server takes as the webhook failing;
 * anything after that is an AdmissionReview, and only a decision can make it an allow.
 */
async function answer(service: Service, endpoint: Endpoint, context: Context<Env>): Promise<Response> {
  service.inFlight++;
  const share = service.budget.share();
  let started = performance.now();
  let outcome: Outcome = 'error';
  try {
    const body = await readRequest(service, context.env.incoming, share);
    started = performance.now();
    const request = parseReview(body, {
      maxBytes: service.limits.maxBodyBytes,
      maxDepth: service.limits.maxDepth,
      maxValues: service.limits.maxValues,
    });
    const result = await decide(service, endpoint, request, context.req.query('timeout'), started);
    outcome = result.outcome;
    const { outgoing } = context.env;
    outgoing.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(result.text),
    });
    outgoing.end(result.text);
    return RESPONSE_ALREADY_SENT;
  } catch (error) {
    service.options.log?.problem?.(error);
    const known = error instanceof PratiqueError ? error : internal(error);
    // The rest of a body that was refused is not read: the connection ends with this answer.
    context.header('connection', 'close');
    // The API server asks again after so many seconds, within its own time.
    if (known.code === 'REVIEW_OVERLOADED') context.header('retry-after', '1');
    const { code, message, expected, found, remedy } = known;
    return context.json({ code, message, expected, found, remedy }, statusOf[code] ?? 500);
  } finally {
    share.release();
    service.inFlight--;
    service.metrics.reviewed(endpoint, outcome, performance.now() - started);
  }
}

function readRequest(
  { limits }: Service,
  incoming: IncomingMessage,
  share: BudgetShare,
): Promise<Uint8Array> {
  const type = incoming.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw admissionErrors.error('REVIEW_MEDIA_TYPE', {
      message: 'the request body is not application/json',
      expected: 'application/json',
      found: type === undefined ? 'no Content-Type' : printable(type, 100),
    });
  }
  return readBody(incoming, { maxBytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs, share });
}

/** From here on the request has a uid to answer to, so that even a defect is a denial. */
async function decide(
  { options, metrics }: Service,
  endpoint: Endpoint,
  request: AdmissionRequest,
  timeout: string | undefined,
  started: number,
): Promise<{ text: string; outcome: Outcome }> {
  try {
    const deadlineMs = innerDeadline(options.deadlineMs ?? 8_000, timeout);
    const review = await reviewRequest(options.gate, request, { deadlineMs });
    const { decision, skipped } = review;
    const patch = endpoint === 'mutate' && pinned(options, request) ? pinPatch(decision, review.images) : [];
    const text = encodeResponse(respond(request.uid, decision, patch));
    metrics.decided(decision);
    await options.log?.review?.({
      endpoint,
      uid: request.uid,
      operation: request.operation,
      decision,
      skipped,
      milliseconds: performance.now() - started,
    });
    return { text, outcome: outcomeOf(review, decision) };
  } catch (error) {
    options.log?.problem?.(error);
    // A decision that may not be answered, since it could not be logged, says so itself.
    const { code, remedy } = error instanceof PratiqueError ? error : internal(error);
    return { text: encodeResponse(refuse(request.uid, 500, `${code}: ${remedy}`)), outcome: 'fault' };
  }
}

function pinned({ mutateWorkloads = false }: AdmissionOptions, { kind }: AdmissionRequest): boolean {
  return mutateWorkloads || (kind.kind === 'Pod' && kind.group === '');
}

function outcomeOf({ skipped }: Review, decision: Decision): Outcome {
  if (skipped !== undefined) return 'skipped';
  if (decision.allowed) return 'allowed';
  return decision.denials.every(({ fault }) => fault) ? 'fault' : 'denied';
}

function internal(cause: unknown): PratiqueError {
  return admissionErrors.error('ADMISSION_INTERNAL', {
    message: 'something unexpected went wrong while answering',
    cause,
  });
}
