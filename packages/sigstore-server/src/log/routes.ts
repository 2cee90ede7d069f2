import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { countAnswer } from '../http/answer.ts';
import { Refusal } from '../http/refusal.ts';
import type { CheckpointSource } from './checkpoints.ts';
import { parseTileName, readTile, type TiledLog } from './tiles.ts';

const immutable = 'public, max-age=31536000, immutable';

/** A log as C2SP `tlog-tiles` has it: `checkpoint`, `tile/LEVEL/INDEX` and `tile/entries/INDEX`. */
export function tileRoutes(log: TiledLog, checkpoints: CheckpointSource): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/checkpoint', async (context) =>
    context.body((await checkpoints.newest()).note, 200, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
    }),
  );
  app.get('/tile/*', async (context) => {
    const { path } = context.req;
    const name = parseTileName(path.slice(path.indexOf('/tile/') + '/tile/'.length));
    const bytes = name === undefined ? undefined : await readTile(log, name);
    if (bytes === undefined) throw new Refusal(404, 'no such tile');
    countAnswer(context.env.outgoing, bytes.byteLength);
    return context.body(Uint8Array.from(bytes), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': immutable,
    });
  });
  return app;
}
