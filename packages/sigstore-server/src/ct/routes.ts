import type { HttpBindings } from '@hono/node-server';
import { decodeBase64 } from '@pratique/crypto';
import { Hono } from 'hono';
import { fromClient, Refusal } from '../http/refusal.ts';
import { wholeNumber } from '../http/request.ts';
import type { CertificateLog } from './certificate-log.ts';

/** What may be read from the log (RFC 6962 §4), below `/ct/v1`. Adding is Fulcio's alone and has no URL. */
export function certificateLogRoutes(log: CertificateLog): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const number = (value: string | undefined, what: string): number => {
    const found = wholeNumber(value, what);
    if (found === undefined) throw new Refusal(400, `${what} is missing`);
    return found;
  };
  app.get('/get-sth', async (context) => context.json(await log.treeHead()));
  app.get('/get-roots', (context) => context.json(log.roots()));
  app.get('/get-entries', ({ req, json }) =>
    json(log.entries(number(req.query('start'), 'start'), number(req.query('end'), 'end'))),
  );
  app.get('/get-proof-by-hash', (context) => {
    const hash = fromClient(() => decodeBase64(context.req.query('hash') ?? '', 'hash'));
    return context.json(log.proof(hash, number(context.req.query('tree_size'), 'tree_size')));
  });
  app.get('/get-sth-consistency', ({ req, json }) =>
    json(log.consistency(number(req.query('first'), 'first'), number(req.query('second'), 'second'))),
  );
  return app;
}
