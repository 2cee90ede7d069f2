import type { HttpBindings } from '@hono/node-server';
import { encodeBase64, type JsonObject } from '@pratique/crypto';
import { Hono } from 'hono';
import { countAnswer } from '../http/answer.ts';
import { Refusal } from '../http/refusal.ts';
import { wholeNumber } from '../http/request.ts';
import type { DurableLog } from '../log/log.ts';
import type { SearchIndex } from './search-index.ts';

/** A log that can be searched. */
export interface SearchableLog {
  readonly search: SearchIndex;
  readonly log: DurableLog;
}

const maxQueryLength = 512;
const maxEntries = 100;

/**
 * `GET ?identity=*@example.com&digest=sha256:…&key=sha256:…&limit=N`: the newest entries of both logs that have all of
 * what is given. `identity` is a name in a certificate, in which `*` stands for any characters; `key` is the hash of a
 * key's or certificate's PEM.
 */
export function searchRoutes(
  logs: Readonly<Record<string, SearchableLog>>,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/', (context) => {
    const query = (name: string): string[] => {
      const value = context.req.query(name);
      if (value === undefined) return [];
      if (value === '' || value.length > maxQueryLength) {
        throw new Refusal(400, `${name} is not text of 1 to ${maxQueryLength} characters`);
      }
      return [value];
    };
    const [identity] = query('identity');
    const keys = [...query('digest'), ...query('key')];
    if (identity === undefined && keys.length === 0) {
      throw new Refusal(400, 'identity, digest or key is missing');
    }
    const limit = Math.min(wholeNumber(context.req.query('limit'), 'limit') ?? maxEntries, maxEntries);
    const entries = Object.entries(logs).flatMap(([name, log]): JsonObject[] => {
      const found =
        identity === undefined ? log.search.find(keys, 'and') : log.search.findNames(identity, keys);
      return found.slice(0, limit).map((logIndex) => {
        const { leaf, time } = log.log.entry(logIndex);
        return { log: name, logIndex, time: time.toISOString(), body: encodeBase64(leaf) };
      });
    });
    const newest = entries.sort((a, b) => (String(a.time) < String(b.time) ? 1 : -1)).slice(0, limit);
    const answer = JSON.stringify({ entries: newest });
    countAnswer(context.env.outgoing, answer.length);
    return context.body(answer, 200, { 'content-type': 'application/json' });
  });
  return app;
}
