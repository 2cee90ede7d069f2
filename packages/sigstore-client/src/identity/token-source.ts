import { type IdentityToken, parseIdentityToken } from './token.ts';

/** A token must be good for the exchange with the authority, too. */
const marginMs = 15_000;

/** Asks for a token when there is none yet or the last one is about to expire. */
export function renewing(request: () => Promise<string>): () => Promise<IdentityToken> {
  let token: IdentityToken | undefined;
  return async () => {
    const expires = token?.expires;
    if (token === undefined || (expires && expires.getTime() - Date.now() < marginMs)) {
      token = parseIdentityToken(await request());
    }
    return token;
  };
}
