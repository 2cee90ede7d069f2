import { PratiqueError } from '@pratique/errors';
import { unaryCall } from './grpc.ts';
import { readField, type WireField, writeText } from './protobuf.ts';
import { type IdentityProvider, providerFailed } from './provider.ts';

const defaultSocket = '/tmp/spire-agent/public/api.sock';

/** `unix:///PATH` as SPIFFE has it, or, as cosign does, the path alone. */
function socketPath(env: Readonly<Record<string, string | undefined>>): string | null {
  const [, path] = /^(?:unix:(?:\/\/)?)?(\/.+)$/.exec(env.SPIFFE_ENDPOINT_SOCKET || defaultSocket) ?? [];
  return path ?? null;
}

/**
 * The SPIFFE Workload API over its socket (SPIFFE Workload API §6.1, `FetchJWTSVID`): the first identity that the agent
 * has for this process.
 */
export const spiffe: IdentityProvider = {
  name: 'spiffe',
  isOffered: ({ env, exists }) => {
    const path = socketPath(env);
    return path !== null && exists(path);
  },
  async request({ env, signal }, audience) {
    const path = socketPath(env);
    if (path === null)
      throw providerFailed('SPIFFE', 'SPIFFE_ENDPOINT_SOCKET is not unix:///PATH, nor a path');
    const answer = await unaryCall({
      socket: path,
      method: '/SpiffeWorkloadAPI/FetchJWTSVID',
      // Without this header the agent refuses, so that web pages cannot ask (§5.2).
      metadata: { 'workload.spiffe.io': 'true' },
      message: writeText(1, audience),
      signal,
    });
    return firstToken(answer);
  },
};

/** `JWTSVIDResponse.svids[0].svid`. */
function firstToken(answer: Uint8Array): string {
  try {
    const identity = readField(answer, 1);
    const token: WireField = identity === null ? null : readField(identity, 2);
    if (token !== null) return new TextDecoder('utf-8', { fatal: true }).decode(token);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof PratiqueError)) throw error;
  }
  throw providerFailed('SPIFFE', 'its answer holds no identity');
}
