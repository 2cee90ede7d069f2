import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { PratiqueError } from '@pratique/errors';
import { isRepositoryName } from '@pratique/oci';
import { type Context, Hono } from 'hono';
import { deleteBlob, getBlob } from '../api/blobs.ts';
import { listReferrers, listRepositories, listTags } from '../api/lists.ts';
import { deleteManifest, getManifest, putManifest } from '../api/manifests.ts';
import { appendChunk, cancelUpload, completeUpload, startUpload, uploadStatus } from '../api/uploads.ts';
import { ApiError } from '../api-error.ts';
import type { RegistryAction, RegistryOptions } from '../options.ts';
import { type Exchange, sendError, sendJson } from './exchange.ts';
import type { Service } from './service.ts';

type Handler = (service: Service, exchange: Exchange) => void | Promise<void>;
type Env = { Bindings: HttpBindings };

/** The endpoints of the distribution-spec. Handlers write to Node's response themselves: blobs are streamed that way. */
export function createRoutes(service: Service, options: RegistryOptions): Hono<Env> {
  const app = new Hono<Env>();

  const run =
    (action: RegistryAction, handler: Handler, named = true) =>
    async (context: Context<Env>) => {
      const { incoming, outgoing } = context.env;
      const authorization = incoming.headers.authorization;
      const name = named ? (context.req.param('name') ?? '') : '';
      const url = incoming.url ?? '';
      const mark = url.indexOf('?');
      const exchange: Exchange = {
        incoming,
        outgoing,
        name,
        reference: context.req.param('reference') ?? '',
        query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
        mayPull: async (repository) =>
          options.auth === undefined ||
          (await options.auth.decide({ authorization, action: 'pull', repository })) === 'allowed',
      };
      outgoing.setHeader('Docker-Distribution-API-Version', 'registry/2.0');
      try {
        if (named && !isRepositoryName(name))
          throw new ApiError(400, 'NAME_INVALID', 'invalid repository name');
        if (options.auth !== undefined) {
          const repository = named ? name : undefined;
          const decision = await options.auth.decide({ authorization, action, repository });
          if (decision === 'unauthenticated') {
            throw new ApiError(401, 'UNAUTHORIZED', 'authentication required', [], {
              'WWW-Authenticate': options.auth.challenge,
            });
          }
          if (decision === 'denied')
            throw new ApiError(403, 'DENIED', 'requested access to the resource is denied');
        }
        if (options.readOnly && (action === 'push' || action === 'delete')) {
          throw new ApiError(405, 'UNSUPPORTED', 'the registry is read-only');
        }
        await handler(service, exchange);
      } catch (error) {
        sendError(exchange, toApiError(error, exchange, options));
      }
      return RESPONSE_ALREADY_SENT;
    };

  app.get(
    '/v2/',
    run('list', (_, exchange) => sendJson(exchange, 200, {}), false),
  );
  app.get(
    '/v2',
    run('list', (_, exchange) => sendJson(exchange, 200, {}), false),
  );
  app.get('/v2/_catalog', run('list', listRepositories, false));

  const manifest = '/v2/:name{.+}/manifests/:reference';
  app.get(manifest, run('pull', getManifest));
  app.put(manifest, run('push', putManifest));
  app.delete(manifest, run('delete', deleteManifest));

  const uploads = '/v2/:name{.+}/blobs/uploads';
  app.post(uploads, run('push', startUpload));
  app.post(`${uploads}/`, run('push', startUpload));
  app.get(`${uploads}/:reference`, run('push', uploadStatus));
  app.patch(`${uploads}/:reference`, run('push', appendChunk));
  app.put(`${uploads}/:reference`, run('push', completeUpload));
  app.delete(`${uploads}/:reference`, run('push', cancelUpload));

  const blob = '/v2/:name{.+}/blobs/:reference';
  app.get(blob, run('pull', getBlob));
  app.delete(blob, run('delete', deleteBlob));

  app.get('/v2/:name{.+}/tags/list', run('pull', listTags));
  app.get('/v2/:name{.+}/referrers/:reference', run('pull', listReferrers));

  for (const path of [manifest, `${uploads}/:reference?`, blob]) {
    app.all(
      path,
      run('pull', () => {
        throw new ApiError(405, 'UNSUPPORTED', 'the operation is unsupported');
      }),
    );
  }
  app.all(
    '*',
    run(
      'list',
      () => {
        throw new ApiError(404, 'UNSUPPORTED', 'no such endpoint');
      },
      false,
    ),
  );
  return app;
}

/** Turns whatever was thrown into an answer. The reason of a fault goes to the log, not to the client. */
function toApiError(error: unknown, exchange: Exchange, options: RegistryOptions): ApiError {
  if (error instanceof ApiError) return error;
  faults.set(exchange.outgoing, error);
  if (options.log === undefined && !exchange.incoming.destroyed) {
    const known = error instanceof PratiqueError ? `${error.code}: ${error.message}` : String(error);
    process.stderr.write(`registry: ${known}\n`);
  }
  if ((error as NodeJS.ErrnoException | null)?.code === 'ENOSPC') {
    return new ApiError(507, 'UNKNOWN', 'the registry has no space left');
  }
  return new ApiError(500, 'UNKNOWN', 'the registry failed; its log says why');
}

/** What went wrong while answering, for the access log. */
export const faults = new WeakMap<object, unknown>();
