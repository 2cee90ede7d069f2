import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { readJson } from '../http/request.ts';
import { tileRoutes } from '../log/routes.ts';
import type { RekorV2 } from './rekor-v2.ts';

/** An envelope with an attestation of some size in it. */
const maxEntryBytes = 16 * 1024 * 1024;

/** The API of Rekor v2, below `/api/v2`: one way to write, and C2SP `tlog-tiles` to read. */
export function rekorV2Routes(rekor: RekorV2): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.post('/log/entries', async (context) => {
    const added = await rekor.add(await readJson(context.env.incoming, maxEntryBytes));
    if (typeof added !== 'number') return context.json(added, 201);
    const message = `an equivalent entry already exists in the transparency log with index ${added}`;
    return context.json({ code: 6, message, details: [] }, 409, { 'x-log-index': String(added) });
  });
  app.route('/', tileRoutes(rekor.log, rekor.checkpoints));
  return app;
}
