import type { HttpBindings } from '@hono/node-server';
import { decodeBase64 } from '@pratique/crypto';
import { Hono } from 'hono';
import { countAnswer } from '../http/answer.ts';
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
  app.get('/get-entries', (context) => {
    const [start, end] = ['start', 'end'].map((name) => number(context.req.query(name), name));
    const answer = JSON.stringify(log.entries(start!, end!));
    countAnswer(context.env.outgoing, answer.length);
    return context.body(answer, 200, { 'content-type': 'application/json' });
  });
  app.get('/get-proof-by-hash', (context) => {
    const hash = fromClient(() => decodeBase64(context.req.query('hash') ?? '', 'hash'));
    return context.json(log.proof(hash, number(context.req.query('tree_size'), 'tree_size')));
  });
  app.get('/get-sth-consistency', ({ req, json }) =>
    json(log.consistency(number(req.query('first'), 'first'), number(req.query('second'), 'second'))),
  );
  return app;
}
