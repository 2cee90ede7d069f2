import { explanation, serviceUrl } from '../../http/services.ts';
import { type IdentityProvider, providerFailed } from './provider.ts';
import { tokenMember } from './token-member.ts';

/** A job of GitHub Actions with `permissions: id-token: write`. */
export const githubActions: IdentityProvider = {
  name: 'github-actions',
  isOffered: ({ env }) =>
    Boolean(env.ACTIONS_ID_TOKEN_REQUEST_TOKEN) && Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL),
  async request({ env, services, signal }, audience) {
    const url = serviceUrl('GitHub Actions', env.ACTIONS_ID_TOKEN_REQUEST_URL ?? '');
    const bearer = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '';
    url.searchParams.set('audience', audience);
    const answer = await services.send({
      service: 'GitHub Actions',
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${bearer}` },
      idempotent: true,
      signal,
    });
    if (answer.status !== 200)
      throw providerFailed('GitHub Actions', explanation(answer, bearer), `HTTP ${answer.status}`);
    return tokenMember('GitHub Actions', answer, 'value');
  },
};
