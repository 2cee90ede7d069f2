import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { deleteBlob, getBlob } from '../api/blobs.ts';
import { listReferrers, listRepositories, listTags } from '../api/lists.ts';
import { deleteManifest, getManifest, putManifest } from '../api/manifests.ts';
import { appendChunk, cancelUpload, completeUpload, startUpload, uploadStatus } from '../api/uploads.ts';
import { ApiError } from '../api-error.ts';
import type { RegistryAction, RegistryOptions } from '../options.ts';
import { answer, type Handler } from './answer.ts';
import { sendJson } from './exchange.ts';
import type { Service } from './service.ts';

type Env = { Bindings: HttpBindings };

const ping: Handler = (_, exchange) => sendJson(exchange, 200, {});

const notAllowed: Handler = () => {
  throw new ApiError(405, 'UNSUPPORTED', 'the operation is unsupported');
};

const notFound: Handler = () => {
  throw new ApiError(404, 'UNSUPPORTED', 'no such endpoint');
};

/** The endpoints of the distribution-spec. They write to Node's response themselves: blobs are streamed that way. */
export function createRoutes(service: Service, options: RegistryOptions): Hono<Env> {
  const app = new Hono<Env>();
  const run = (action: RegistryAction, handler: Handler, named = true) => {
    const endpoint = { action, handler, named };
    return async (context: Context<Env>) => {
      const { incoming, outgoing } = context.env;
      const path = { name: context.req.param('name') ?? '', reference: context.req.param('reference') ?? '' };
      const running = answer(service, options, endpoint, incoming, outgoing, path);
      service.running.add(running);
      await running;
      service.running.delete(running);
      return RESPONSE_ALREADY_SENT;
    };
  };

  app.get('/v2', run('list', ping, false));
  app.get('/v2/', run('list', ping, false));
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

  const tags = '/v2/:name{.+}/tags/list';
  app.get(tags, run('pull', listTags));
  const referrers = '/v2/:name{.+}/referrers/:reference';
  app.get(referrers, run('pull', listReferrers));

  for (const path of [manifest, uploads, `${uploads}/:reference?`, blob, tags, referrers]) {
    app.all(path, run('pull', notAllowed));
  }
  app.all('*', run('list', notFound, false));
  return app;
}
