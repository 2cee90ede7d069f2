import type { HttpBindings } from '@hono/node-server';
import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { Hono } from 'hono';
import { countAnswer } from '../http/answer.ts';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, readJson, text, wholeNumber } from '../http/request.ts';
import { hashKey } from '../search/keys.ts';
import { readVerifier } from './canonical.ts';
import type { Rekor } from './rekor.ts';

/** An envelope with an attestation of some size in it. */
const maxEntryBytes = 16 * 1024 * 1024;
const maxQueryBytes = 64 * 1024;
const maxRetrieved = 10;

/** The API of Rekor v1, as far as clients use it, below `/api/v1`. */
export function rekorRoutes(rekor: Rekor): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.post('/log/entries', async (context) => {
    const { index, duplicate } = await rekor.add(await readJson(context.env.incoming, maxEntryBytes));
    const location = `/api/v1/log/entries/${rekor.uuid(index)}`;
    if (duplicate) {
      const message = `an equivalent entry already exists in the transparency log with UUID ${rekor.uuid(index)}`;
      return context.json({ code: 409, message }, 409, { location });
    }
    return context.json(await rekor.answer(index), 201, { location, etag: rekor.uuid(index) });
  });

  app.get('/log/entries', async (context) => {
    const index = wholeNumber(context.req.query('logIndex'), 'logIndex');
    if (index === undefined) throw new Refusal(400, 'logIndex is missing');
    return context.json(await rekor.answer(index));
  });
  app.get('/log/entries/:uuid', async (context) =>
    context.json(await rekor.answer(rekor.indexOf(context.req.param('uuid')))),
  );

  app.post('/log/entries/retrieve', async (context) => {
    const query = await readJson(context.env.incoming, maxEntryBytes);
    const uuids = limited(member(query, 'entryUUIDs'), 'entryUUIDs').map((uuid) => text(uuid, 'a UUID'));
    const indexes = limited(member(query, 'logIndexes'), 'logIndexes').map((index) => {
      if (!Number.isSafeInteger(index) || (index as number) < 0)
        throw new Refusal(400, 'a log index is a whole number');
      return index as number;
    });
    for (const proposed of limited(member(query, 'entries'), 'entries')) {
      if (!isJsonObject(proposed)) throw new Refusal(400, 'a proposed entry is not an object');
      uuids.push(fromClient(() => rekor.proposedUuid(proposed)));
    }
    if (uuids.length + indexes.length === 0)
      throw new Refusal(400, 'nothing that can be looked up was asked for');
    const known = (index: number) => index < rekor.size;
    const all = [...indexes.filter(known), ...uuids.flatMap((uuid) => findOne(rekor, uuid))];
    const answer = JSON.stringify(await Promise.all(all.map((index) => rekor.answer(index))));
    countAnswer(context.env.outgoing, answer.length);
    return context.body(answer, 200, { 'content-type': 'application/json' });
  });

  app.get('/log', async (context) => context.json(await rekor.info()));
  app.get('/log/publicKey', (context) =>
    context.body(rekor.publicKeyPem, 200, { 'content-type': 'application/x-pem-file' }),
  );
  app.get('/log/proof', (context) => {
    const first = wholeNumber(context.req.query('firstSize'), 'firstSize') ?? 1;
    const last = wholeNumber(context.req.query('lastSize'), 'lastSize');
    if (last === undefined) throw new Refusal(400, 'lastSize is missing');
    return context.json(rekor.consistency(first, last));
  });

  app.post('/index/retrieve', async (context) => {
    const query = await readJson(context.env.incoming, maxQueryBytes);
    const keys = ['email', 'hash'].flatMap((name) => {
      const value = member(query, name);
      if (value === undefined || value === '') return [];
      const key = text(value, name);
      return [name === 'hash' && !key.includes(':') ? `sha256:${key}` : key];
    });
    const publicKey = member(query, 'publicKey');
    if (isJsonObject(publicKey)) keys.push(keyOfSearched(publicKey));
    if (keys.length === 0) throw new Refusal(400, 'email, hash or publicKey is missing');
    const found = rekor.search.find(keys, member(query, 'operator') === 'or' ? 'or' : 'and');
    return context.json(found.map((index) => rekor.uuid(index)));
  });
  return app;
}

/** A key or certificate in PEM, in base64: formats other than x509 have no entries here. */
function keyOfSearched(publicKey: JsonObject): string {
  if (member(publicKey, 'format') !== 'x509') throw new Refusal(400, 'keys are searched in format x509 only');
  const content = text(member(publicKey, 'content'), 'content of publicKey');
  return fromClient(() => hashKey(readVerifier(content).pem));
}

function limited(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > maxRetrieved) {
    throw new Refusal(400, `${what} is not a list of at most ${maxRetrieved}`);
  }
  return value;
}

function findOne(rekor: Rekor, uuid: string): number[] {
  try {
    return [rekor.indexOf(uuid)];
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return [];
    throw error;
  }
}
