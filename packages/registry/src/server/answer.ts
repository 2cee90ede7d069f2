import type { IncomingMessage, ServerResponse } from 'node:http';
import { printable } from '@pratique/errors';
import { isRepositoryName } from '@pratique/oci';
import { ApiError } from '../api-error.ts';
import type { RegistryAction, RegistryOptions } from '../options.ts';
import { type Exchange, sendError } from './exchange.ts';
import type { Service } from './service.ts';

export type Handler = (service: Service, exchange: Exchange) => void | Promise<void>;

/** One endpoint: what it does, and what the client must be allowed to. */
export interface Endpoint {
  readonly action: RegistryAction;
  readonly handler: Handler;
  /** False where the path names no repository. */
  readonly named: boolean;
}

/** Answers one request: checks the name and the access, runs the endpoint, turns what it throws into an error answer. */
export async function answer(
  service: Service,
  options: RegistryOptions,
  endpoint: Endpoint,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: { readonly name: string; readonly reference: string },
): Promise<void> {
  const { action, named } = endpoint;
  const authorization = incoming.headers.authorization;
  const [, query = ''] = /\?(.*)$/s.exec(incoming.url ?? '') ?? [];
  const exchange: Exchange = {
    incoming,
    outgoing,
    ...path,
    query: new URLSearchParams(query),
    mayPull: async (repository) =>
      options.auth === undefined ||
      (await options.auth.decide({ authorization, action: 'pull', repository })) === 'allowed',
  };
  outgoing.setHeader('Docker-Distribution-API-Version', 'registry/2.0');
  // What clients push is shown to browsers as nothing that could run.
  outgoing.setHeader('X-Content-Type-Options', 'nosniff');
  outgoing.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  try {
    if (!service.mayBeCalled(incoming.headers.host)) {
      throw new ApiError(421, 'DENIED', 'the registry does not go by this name: --allowed-host gives it one');
    }
    if (named && !isRepositoryName(path.name))
      throw new ApiError(400, 'NAME_INVALID', 'invalid repository name');
    await checkAccess(options, authorization, action, named ? path.name : undefined);
    if (options.readOnly && (action === 'push' || action === 'delete')) {
      throw new ApiError(405, 'UNSUPPORTED', 'the registry is read-only');
    }
    await endpoint.handler(service, exchange);
  } catch (error) {
    sendError(exchange, toApiError(error, exchange, options));
  }
}

async function checkAccess(
  { auth }: RegistryOptions,
  authorization: string | undefined,
  action: RegistryAction,
  repository: string | undefined,
): Promise<void> {
  if (auth === undefined) return;
  const decision = await auth.decide({ authorization, action, repository });
  if (decision === 'allowed') return;
  if (decision === 'denied') throw new ApiError(403, 'DENIED', 'requested access to the resource is denied');
  throw new ApiError(401, 'UNAUTHORIZED', 'authentication required', [], {
    'WWW-Authenticate': challengeFor(auth.challenge, action, repository),
  });
}

/** A token challenge names what to ask a token for (distribution "Token Authentication Specification"). */
function challengeFor(challenge: string, action: RegistryAction, repository: string | undefined): string {
  if (repository === undefined || !challenge.startsWith('Bearer ')) return challenge;
  return `${challenge},scope="repository:${repository}:${action === 'push' ? 'pull,push' : action}"`;
}

/** What a file system answers, and no client brings about. */
const storageFaults: ReadonlySet<string> = new Set([
  'EDQUOT',
  'EFBIG',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EROFS',
]);

/** Turns whatever was thrown into an answer. The reason of a fault goes to the log, not to the client. */
function toApiError(error: unknown, { incoming, outgoing }: Exchange, options: RegistryOptions): ApiError {
  if (error instanceof ApiError) return error;
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  // A body is not read on once it cannot be stored: that the request is incomplete is then our doing.
  if (!storageFaults.has(code) && (!incoming.complete || outgoing.destroyed)) {
    return new ApiError(400, 'BLOB_UPLOAD_INVALID', 'the client closed the connection');
  }
  faults.set(outgoing, error);
  if (options.log === undefined) process.stderr.write(`registry: ${printable(String(error), 500)}\n`);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ApiError(507, 'UNKNOWN', 'the registry has no space left');
  }
  return new ApiError(500, 'UNKNOWN', 'the registry failed; its log says why');
}

/** What went wrong while answering, for the access log. */
export const faults = new WeakMap<object, unknown>();
