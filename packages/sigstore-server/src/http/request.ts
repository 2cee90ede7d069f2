import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { ByteBudget } from '@pratique/storage';
import { fromClient, Refusal } from './refusal.ts';

/** Of a body: a request is large by the texts in it, never by their number. */
const maxValues = 10_000;

/** Bodies on their way in, of all servers in the process, whose memory it is. */
const arriving = new ByteBudget(128 * 1024 * 1024);

/**
 * Reads a whole body of at most `maxBytes`, whatever its length is said to be.
 *
 * @throws Refusal 413; 503 where `budget` has no room for it; 400 where the client went away
 */
export async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  budget = arriving,
): Promise<Uint8Array> {
  const tooLarge = () => new Refusal(413, `the body may have at most ${maxBytes} bytes`);
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const share = budget.share();
  try {
    // Leaving the loop early does not destroy the connection, so that the reason can still be answered.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      if (!share.take(chunk.byteLength)) throw new Refusal(503, 'too many large requests at the same time');
      chunks.push(chunk);
    }
  } catch (error) {
    // Nobody hears it, but it counts as the client’s doing.
    if (!incoming.complete && !(error instanceof Refusal))
      throw new Refusal(400, 'the body ended before its end');
    throw error;
  } finally {
    share.release();
  }
  return Buffer.concat(chunks, size);
}

export async function readJson(incoming: IncomingMessage, maxBytes: number): Promise<JsonObject> {
  const bytes = await readBody(incoming, maxBytes);
  return object(
    fromClient(() => parseJson(bytes, 'the body', { maxBytes, maxDepth: 16, maxValues })),
    'the body',
  );
}

/** A member that an object has itself: `__proto__` and its like are not there. */
export function member(value: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

export function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw new Refusal(400, `${what} is not an object`);
  return value;
}

export function text(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string' || value === '')
    throw new Refusal(400, `${what} is not a string with content`);
  return value;
}

/** A whole number from the query, or undefined when it is absent. */
export function wholeNumber(value: string | undefined, what: string): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Refusal(400, `${what} is not a whole number`);
  return Number(value);
}

/** Refuses members besides `names`. */
export function only(value: JsonObject, names: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Refusal(400, `${what} has the unknown member ${printable(unknown, 40)}`);
}
