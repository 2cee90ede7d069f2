import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { explanation, jsonAnswer, type ServiceAnswer } from '../../http/services.ts';
import { type LoginClient, loginFailed } from './client.ts';

const service = 'the issuer';

/** One request of the token endpoint (RFC 6749 §3.2). Asked once: a code must not be sent twice. */
export async function postForm(
  { services, clientId, clientSecret, signal }: LoginClient,
  url: URL,
  fields: Readonly<Record<string, string>>,
): Promise<ServiceAnswer> {
  const form = new URLSearchParams({
    client_id: clientId,
    ...(clientSecret === null ? {} : { client_secret: clientSecret }),
    ...fields,
  });
  return services.send({
    service,
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(form.toString()),
    idempotent: false,
    signal,
  });
}

/** The identity token in an answer that grants one. @throws LOGIN_FAILED */
export function grantedToken(client: LoginClient, answer: ServiceAnswer): string {
  if (answer.status !== 200)
    throw loginFailed(
      explanation(answer, client.clientSecret ?? ''),
      `HTTP ${answer.status}`,
      client.clientSecret === null
        ? undefined
        : 'Check `--oidc-client-id` and the secret in `--oidc-client-secret-file`.',
    );
  const { id_token: token } = answerObject(answer);
  if (typeof token !== 'string') throw loginFailed('the issuer gave no identity token');
  return token;
}

export function answerObject(answer: ServiceAnswer): JsonObject {
  const document = jsonAnswer(service, answer);
  if (!isJsonObject(document)) throw loginFailed('the issuer’s answer is not an object');
  return document;
}
