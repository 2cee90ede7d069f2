import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Digest, isDigest } from '@pratique/oci';
import { ApiError } from '../api-error.ts';

/** One request and its answer. `name` has been checked against the repository grammar. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly name: string;
  /** What stands after `manifests/`, `blobs/`, `uploads/` or `referrers/`. Unchecked. */
  readonly reference: string;
  readonly query: URLSearchParams;
  /** Whether the same client may pull from another repository; asked for cross-repository mounts. */
  mayPull(repository: string): Promise<boolean>;
}

/** How much of a refused body is still read, and for how long. */
const lingerBytes = 64 * 1024 * 1024;
const lingerMs = 2000;

export type Headers = Readonly<Record<string, string | number | readonly string[]>>;

export function send(
  exchange: Pick<Exchange, 'outgoing'>,
  status: number,
  headers: Headers,
  body?: Uint8Array,
): void {
  const { outgoing } = exchange;
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  if (body === undefined) {
    if (status !== 204 && status !== 304) outgoing.setHeader('Content-Length', 0);
    outgoing.writeHead(status).end();
  } else {
    outgoing.setHeader('Content-Length', body.length);
    outgoing.writeHead(status).end(body);
  }
}

export function sendJson(
  exchange: Pick<Exchange, 'outgoing'>,
  status: number,
  value: unknown,
  headers: Headers = {},
): void {
  const body = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  send(exchange, status, { 'Content-Type': 'application/json', ...headers }, body);
}

/** Sends an error as the specification wants it ("Error Codes"). */
export function sendError(exchange: Pick<Exchange, 'incoming' | 'outgoing'>, error: ApiError): void {
  const { incoming, outgoing } = exchange;
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const entry = { code: error.code, message: error.message };
  const errors = error.detail.length === 0 ? [entry] : error.detail.map((detail) => ({ ...entry, detail }));
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  const unread = !incoming.complete && (length !== '0' || encoding !== undefined);
  if (unread) sendBeforeBodyEnds(exchange, error.status, { errors }, error.headers);
  else sendJson(exchange, error.status, { errors }, error.headers);
}

/**
 * Answers while the client still sends. The rest of the body must not be taken for the next request, so the connection
 * ends here; closing it at once would reset it, and the client would never see why: read on for a moment first.
 */
function sendBeforeBodyEnds(
  { incoming, outgoing }: Pick<Exchange, 'incoming' | 'outgoing'>,
  status: number,
  value: unknown,
  headers: Headers,
): void {
  const body = new TextEncoder().encode(JSON.stringify(value));
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.setHeader('Connection', 'close');
  outgoing.setHeader('Content-Type', 'application/json');
  outgoing.setHeader('Content-Length', body.length);
  outgoing.writeHead(status).write(body);
  let left = lingerBytes;
  const end = () => {
    clearTimeout(timer);
    outgoing.end();
  };
  const timer = setTimeout(end, lingerMs);
  incoming.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) end();
  });
  incoming.once('close', end);
  incoming.resume();
}

export function parseDigestParameter(text: string | null): Digest {
  if (text !== null && isDigest(text)) return text;
  throw new ApiError(400, 'DIGEST_INVALID', 'not a digest: expected sha256:<64 hex> or sha512:<128 hex>');
}

/** True when the client says it already has this version (RFC 9110 §13.1.2). */
export function matchesEntityTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const candidate = part.trim().replace(/^W\//, '');
    return candidate === '*' || candidate === tag;
  });
}
