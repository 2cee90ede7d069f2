import { explanation, serviceUrl } from '../../http/services.ts';
import { type IdentityProvider, providerFailed } from './provider.ts';
import { tokenMember } from './token-member.ts';

/** A job of Buildkite: the agent's API, as `buildkite-agent oidc request-token` asks it. */
export const buildkiteAgent: IdentityProvider = {
  name: 'buildkite-agent',
  isOffered: ({ env }) => Boolean(env.BUILDKITE_AGENT_ACCESS_TOKEN),
  async request({ env, services, signal }, audience) {
    const secret = env.BUILDKITE_AGENT_ACCESS_TOKEN ?? '';
    const job = env.BUILDKITE_JOB_ID ?? '';
    if (!/^[\w-]+$/.test(job)) throw providerFailed('Buildkite', 'BUILDKITE_JOB_ID names no job');
    const endpoint = env.BUILDKITE_AGENT_ENDPOINT || 'https://agent.buildkite.com/v3';
    const answer = await services.send({
      service: 'Buildkite',
      method: 'POST',
      url: serviceUrl('Buildkite', endpoint, `/jobs/${job}/oidc/tokens`),
      headers: { authorization: `Token ${secret}`, 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify({ audience })),
      idempotent: true,
      signal,
    });
    if (answer.status !== 200)
      throw providerFailed('Buildkite', explanation(answer, secret), `HTTP ${answer.status}`);
    return tokenMember('Buildkite', answer, 'token');
  },
};
