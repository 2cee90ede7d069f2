import { ask, type Question, type Reply } from './ask.ts';
import type { Expiring } from './renewed.ts';
import { documentOf, explanation, harmless, memberOf, refused, textAt, wrongAnswer } from './service.ts';

/** A token that whoever has it may use (RFC 6750). */
export interface BearerToken extends Expiring {
  readonly token: string;
}

/** Asks for an access token with a form (RFC 6749 §4, RFC 8693). @throws KEY_SERVICE_… */
export async function exchangeForm(
  question: Omit<Question, 'method' | 'body'>,
  form: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Promise<BearerToken> {
  const body = { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() };
  return accessToken(question.name, await ask({ ...question, method: 'POST', body }), secrets);
}

/** The access token in an answer (RFC 6749 §5.1). @throws KEY_SERVICE_REFUSED, KEY_SERVICE_ANSWER */
export function accessToken(name: string, { status, body }: Reply, secrets: readonly string[]): BearerToken {
  if (status !== 200) throw refused(name, status, harmless(explanation(body), secrets));
  const document = documentOf(name, body);
  // Azure's metadata services write numbers in quotes, and in containers the time since 1970 instead.
  const [after, at] = ['expires_in', 'expires_on'].map((member) => Number(memberOf(document, member)));
  const expires = Number.isSafeInteger(after) ? Date.now() + after! * 1000 : Number(at) * 1000;
  if (!Number.isSafeInteger(expires) || expires < 0)
    throw wrongAnswer(name, 'it does not say when the token expires');
  return bearerToken(name, textAt(name, document, 'access_token'), expires);
}

/** A token that may stand in a header. @throws KEY_SERVICE_ANSWER */
export function bearerToken(name: string, token: string, expires: number): BearerToken {
  if (!/^[\x21-\x7e]{1,16384}$/.test(token) || Number.isNaN(expires))
    throw wrongAnswer(name, 'with what is no access token');
  return { token, expires };
}

/** What shows a service that somebody has a token. */
export function bearing({ token }: BearerToken, more: Readonly<Record<string, string>> = {}) {
  return { headers: { authorization: `Bearer ${token}`, ...more }, secrets: [token] };
}
