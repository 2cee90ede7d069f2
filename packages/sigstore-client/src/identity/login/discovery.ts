import type { JsonObject } from '@pratique/crypto';
import { answerReader } from '../../http/json.ts';
import { jsonAnswer, refused, type Services, serviceUrl, wrongAnswer } from '../../http/services.ts';

/** An OpenID Connect issuer, as it describes itself (OpenID Connect Discovery §4). */
export interface Issuer {
  readonly url: string;
  readonly authorizationEndpoint: URL | null;
  readonly deviceEndpoint: URL | null;
  readonly tokenEndpoint: URL;
  readonly keys: URL;
}

const service = 'the issuer';

/**
 * Fetches an issuer's description. It must be about that very issuer, and its endpoints must be safe to send a code to.
 *
 * @throws SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_ADDRESS, SIGNING_SERVICE_UNREACHABLE
 */
export async function discover(services: Services, url: string, signal?: AbortSignal): Promise<Issuer> {
  const answer = await services.send({
    service,
    method: 'GET',
    url: serviceUrl(service, url, '/.well-known/openid-configuration'),
    idempotent: true,
    signal,
  });
  if (answer.status !== 200) throw refused(service, answer);
  const read = answerReader(service);
  const document = read.object(jsonAnswer(service, answer), 'its description');
  if (read.text(document, 'issuer') !== url) throw wrongAnswer(service, 'describes another issuer');
  const optional = (name: string) => (Object.hasOwn(document, name) ? endpoint(document, name) : null);
  return {
    url,
    authorizationEndpoint: optional('authorization_endpoint'),
    deviceEndpoint: optional('device_authorization_endpoint'),
    tokenEndpoint: endpoint(document, 'token_endpoint'),
    keys: endpoint(document, 'jwks_uri'),
  };
}

function endpoint(document: JsonObject, name: string): URL {
  return serviceUrl(service, answerReader(service).text(document, name));
}
