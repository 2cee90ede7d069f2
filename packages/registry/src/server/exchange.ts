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
  // The rest of a body nobody will read must not be taken for the next request.
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  if (!incoming.complete && (length !== '0' || encoding !== undefined))
    outgoing.setHeader('Connection', 'close');
  const entry = { code: error.code, message: error.message };
  const errors = error.detail.length === 0 ? [entry] : error.detail.map((detail) => ({ ...entry, detail }));
  sendJson(exchange, error.status, { errors }, error.headers);
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
