/** A token service as registries and Notary servers have them, over TLS: tokens for whoever knows the password. */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type generateSigningKey, parsePem } from '@pratique/crypto';
import { certificateOf } from '@pratique/notary/testing/virtual-notary';

export interface TokenServer {
  /** `https://127.0.0.1:PORT/token` */
  readonly realm: string;
  /** What is asked for, each `SCOPE as USER`. */
  readonly asked: string[];
  close(): void;
}

export interface TokenServerOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly signing: ReturnType<typeof generateSigningKey>;
  /** Where the certificate of who signs the tokens is written. */
  readonly certificate: string;
  /** `user:password` */
  readonly credentials: string;
}

/** @param options who may ask, and who signs */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { tls, signing, certificate, credentials } = options;
  const pem = certificateOf(signing, 'tokens');
  writeFileSync(certificate, pem);
  const [{ bytes }] = parsePem(pem, 'the certificate');
  const header = { typ: 'JWT', alg: 'ES256', x5c: [Buffer.from(bytes).toString('base64')] };
  const key = createPrivateKey({ key: Buffer.from(signing.exportPkcs8()), format: 'der', type: 'pkcs8' });
  const asked: string[] = [];
  const server = createServer(tls, (request, response) => {
    const { searchParams } = new URL(request.url!, 'https://127.0.0.1');
    const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const given = Buffer.from(basic, 'base64').toString();
    const scopes = searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
    asked.push(...scopes.map((scope) => `${scope} as ${given.split(':')[0]}`));
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'tokens',
      sub: given.split(':')[0],
      aud: searchParams.get('service'),
      exp: now + 300,
      nbf: now - 60,
      iat: now,
      jti: randomUUID(),
      access: given === credentials ? scopes.map(accessOf) : [],
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part(header)}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    response.end(JSON.stringify({ token: `${text}.${signature.toString('base64url')}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    realm: `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `repository:HOST:PORT/NAME:ACTIONS`: names have colons, too. */
function accessOf(scope: string) {
  const [, type, name, actions = ''] = /^([^:]*):(.*):([^:]*)$/.exec(scope) ?? [];
  return { type, name, actions: actions.split(',') };
}
