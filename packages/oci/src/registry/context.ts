import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import type { HttpLimits, RetryPolicy } from '../http/options.ts';
import type { Transport } from './transport.ts';

/** One repository on one registry, as the parts of the client share it. */
export interface RepositoryContext {
  /** `localhost:5000/team/app` */
  readonly name: string;
  readonly registry: string;
  /** `team/app` */
  readonly repository: string;
  readonly transport: Transport;
  readonly limits: HttpLimits;
  readonly retry: RetryPolicy;
}

/** What a request may do; becomes the action of the token scope. */
export type Action = 'pull' | 'push' | 'delete';

const actions: Readonly<Record<Action, string>> = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' };

export type RepositoryRequest = Omit<HttpRequest, 'url' | 'headers'> & {
  /** Path below `/v2/<repository>/`, or a URL from a `Location`. */
  readonly target: string | URL;
  readonly action: Action;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotent?: boolean;
  /** Further token scopes, for cross-repository mounts. */
  readonly moreScopes?: readonly string[];
};

/** Sends a request about this repository. */
export function sendTo(context: RepositoryContext, request: RepositoryRequest): Promise<HttpResponse> {
  const { target, action, headers = {}, idempotent = true, moreScopes = [], ...rest } = request;
  return context.transport.send({
    ...rest,
    target: typeof target === 'string' ? `/v2/${context.repository}/${target}` : target,
    headers,
    idempotent,
    repository: context.repository,
    scopes: [`repository:${context.repository}:${actions[action]}`, ...moreScopes],
  });
}
