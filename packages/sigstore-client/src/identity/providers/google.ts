import { explanation, type ServiceAnswer, serviceUrl } from '../../http/services.ts';
import { type IdentityProvider, providerFailed, type Surroundings } from './provider.ts';
import { tokenMember } from './token-member.ts';

/** The machine's own metadata server: link-local, so that plain HTTP goes no further than the host. */
const metadata = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default';
const productName = '/sys/class/dmi/id/product_name';

async function askMetadata(
  { services, env, signal }: Surroundings,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<ServiceAnswer> {
  // GCE_METADATA_HOST is what Google's own libraries honour.
  const base = env.GCE_METADATA_HOST
    ? metadata.replace('metadata.google.internal', env.GCE_METADATA_HOST)
    : metadata;
  if (!URL.canParse(base)) throw providerFailed('Google', 'GCE_METADATA_HOST is no host');
  const url = new URL(`${base}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const answer = await services.send({
    service: 'Google’s metadata server',
    method: 'GET',
    url,
    headers: { 'metadata-flavor': 'Google' },
    idempotent: true,
    signal,
  });
  if (answer.status !== 200) throw providerFailed('Google', explanation(answer), `HTTP ${answer.status}`);
  return answer;
}

/** A machine or pod on Google Cloud, as its own service account. */
export const googleWorkloadIdentity: IdentityProvider = {
  name: 'google-workload-identity',
  isOffered: ({ env, readFile }) => {
    const product = new TextDecoder().decode(readFile(productName) ?? new Uint8Array()).trim();
    return Boolean(env.GCE_METADATA_HOST) || product === 'Google' || product === 'Google Compute Engine';
  },
  async request(surroundings, audience) {
    const answer = await askMetadata(surroundings, '/identity', { audience, format: 'full' });
    return new TextDecoder().decode(answer.body).trim();
  },
};

/** The same, as the service account in GOOGLE_SERVICE_ACCOUNT_NAME, which the machine's own may impersonate. */
export const googleImpersonate: IdentityProvider = {
  name: 'google-impersonate',
  isOffered: ({ env }) => Boolean(env.GOOGLE_SERVICE_ACCOUNT_NAME),
  async request(surroundings, audience) {
    const account = surroundings.env.GOOGLE_SERVICE_ACCOUNT_NAME ?? '';
    const bearer = tokenMember('Google', await askMetadata(surroundings, '/token', {}), 'access_token');
    const answer = await surroundings.services.send({
      service: 'Google’s IAM',
      method: 'POST',
      url: serviceUrl(
        'Google’s IAM',
        'https://iamcredentials.googleapis.com',
        `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateIdToken`,
      ),
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify({ audience, includeEmail: true })),
      idempotent: true,
      signal: surroundings.signal,
    });
    if (answer.status !== 200)
      throw providerFailed('Google', explanation(answer, bearer), `HTTP ${answer.status}`);
    return tokenMember('Google', answer, 'token');
  },
};
