import type { HttpBindings } from '@hono/node-server';
import { ByteBudget } from '@pratique/storage';
import { Hono } from 'hono';
import { Refusal } from '../http/refusal.ts';
import type { CheckpointSource } from './checkpoints.ts';
import { parseTileName, readTile, type TiledLog } from './tiles.ts';

const immutable = 'public, max-age=31536000, immutable';

/** Tiles on their way out, of all logs: a bundle of large entries has up to 16 MiB, and a client may read it slowly. */
const leaving = new ByteBudget(128 * 1024 * 1024);

/** A log as C2SP `tlog-tiles` has it: `checkpoint`, `tile/LEVEL/INDEX` and `tile/entries/INDEX`. */
export function tileRoutes(
  log: TiledLog,
  checkpoints: CheckpointSource,
  budget = leaving,
): Hono<{ Bindings: HttpBindings }> {
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
    const share = budget.share();
    if (!share.take(bytes.byteLength)) throw new Refusal(503, 'too many large tiles at the same time');
    context.env.outgoing.once('close', share.release);
    return context.body(Uint8Array.from(bytes), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': immutable,
    });
  });
  return app;
}
