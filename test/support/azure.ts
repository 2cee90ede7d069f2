/**
 * Azure, as far as keys need it: a vault with real keys, and who gives tokens for it, at the names they have at Microsoft:
 * a proxy leads there, and a certificate authority of its own vouches for them. cosign comes with Azure's SDK.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { createSelfSigned } from '@pratique/crypto';
import type { Context } from './context.ts';
import { startTunnel } from './tunnel.ts';

type Environment = Readonly<Record<string, string>>;

export const vaultHost = 'team.vault.azure.net';
const login = 'login.microsoftonline.com';
const tenant = '11111111-2222-3333-4444-555555555555';
const client = '99999999-8888-7777-6666-555555555555';
const clientSecret = 'the secret of a client';
const identityHeader = 'the secret of a container';
const resource = 'https://vault.azure.net';

export interface Azure {
  /** As a client with its secret. */
  readonly env: Environment;
  /** The ways to log in, each as it is set up. cosign asks the machine it runs on, wherever it is told to. */
  readonly ways: Readonly<Record<string, { readonly who: Environment; readonly cosign: boolean }>>;
  /** Makes a version of a key. */
  key(name: string, type: string, operations?: readonly string[], enabled?: boolean): string;
}

interface Version {
  readonly id: string;
  readonly kty: string;
  readonly operations: readonly string[];
  readonly enabled: boolean;
  readonly privateKey: KeyObject;
}

/** DigestInfo without the hash (RFC 8017 §9.2). */
const prefixes: Readonly<Record<string, string>> = {
  RS256: '3031300d060960864801650304020105000420',
  RS384: '3041300d060960864801650304020205000430',
  RS512: '3051300d060960864801650304020305000440',
};
const curves = { ES256: p256, ES384: p384, ES512: p521 } as const;
const curveNames: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const types: Readonly<Record<string, () => KeyObject>> = {
  'EC P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'EC P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'EC-HSM P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  'EC P-256K': () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'RSA 4096': () => generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey,
};

/** Signs a hash, and gives what Key Vault gives: of ECDSA both numbers behind each other. */
function signHash(key: KeyObject, alg: string, hash: Buffer): Uint8Array | undefined {
  const jwk = key.export({ format: 'jwk' });
  const prefix = prefixes[alg];
  if (jwk.kty === 'RSA')
    return prefix === undefined
      ? undefined
      : privateEncrypt(key, Buffer.concat([Buffer.from(prefix, 'hex'), hash]));
  if (!Object.hasOwn(curves, alg) || jwk.crv !== curveNames[alg]) return undefined;
  const secret = Buffer.from(jwk.d!, 'base64url');
  return curves[alg as keyof typeof curves].sign(hash, secret, { prehash: false, format: 'compact' });
}

export async function startAzure(context: Context): Promise<Azure> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const keys = new Map<string, Version[]>();
  const key: Azure['key'] = (name, type, operations = ['sign', 'verify'], enabled = true) => {
    const id = randomBytes(16).toString('hex');
    const version = { id, kty: type.split(' ')[0]!, operations, enabled, privateKey: types[type]!() };
    keys.set(name, [...(keys.get(name) ?? []), version]);
    return id;
  };
  const assertion = `ey${randomBytes(60).toString('hex')}`;
  const issued = new Set<string>();
  const token = (expires: object) => {
    const access_token = `ey${randomBytes(60).toString('base64url')}`;
    issued.add(access_token);
    return { token_type: 'Bearer', access_token, resource, ...expires };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(request.url!, `https://${request.headers.host}`);
    const answer = (status: number, document: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    const refuse = (status: number, code: string, inner?: string) =>
      answer(status, {
        error: { code, message: `it is ${code}`, ...(inner ? { innererror: { code: inner } } : {}) },
      });
    if (url.hostname === login) {
      const base = `https://${login}/${tenant}`;
      if (url.pathname === '/common/discovery/instance')
        return answer(200, {
          tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
          'api-version': '1.1',
          metadata: [{ preferred_network: login, preferred_cache: 'login.windows.net', aliases: [login] }],
        });
      if (url.pathname === `/${tenant}/v2.0/.well-known/openid-configuration`)
        return answer(200, {
          issuer: `${base}/v2.0`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
        });
      const form = new URLSearchParams(body);
      const proven = form.get('client_secret') === clientSecret || form.get('client_assertion') === assertion;
      const asked = `${form.get('scope')} `.includes('https://vault.azure.net/.default ');
      if (
        url.pathname !== `/${tenant}/oauth2/v2.0/token` ||
        form.get('client_id') !== client ||
        !proven ||
        !asked
      )
        return answer(401, { error: 'invalid_client', error_description: 'it is no client' });
      return answer(200, token({ expires_in: 3600 }));
    }
    if (url.pathname === '/metadata/identity/oauth2/token' || url.pathname === '/msi/token') {
      const { metadata, 'x-identity-header': header } = request.headers;
      const machine = url.pathname !== '/msi/token';
      const allowed = machine ? metadata === 'true' : header === identityHeader;
      if (!allowed || url.searchParams.get('resource') !== resource)
        return answer(400, { error: 'invalid_request' });
      const expires_on = String(Math.trunc(Date.now() / 1000) + 3600);
      return answer(200, token(machine ? { expires_in: '3600' } : { expires_on }));
    }
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined || !issued.has(bearer)) {
      const challenge = `Bearer authorization="https://${login}/${tenant}", resource="https://vault.azure.net"`;
      response.setHeader('www-authenticate', challenge);
      return refuse(401, 'Unauthorized');
    }
    const [, name, id, action] =
      /^\/keys\/([\w-]+)(?:\/(?!create$|sign$|verify$)([0-9a-f]*))?(?:\/(create|sign))?$/.exec(
        url.pathname,
      ) ?? [];
    if (name === undefined) return refuse(404, 'NotFound');
    if (action === 'create') {
      const {
        kty,
        crv,
        key_ops: operations,
      } = JSON.parse(body) as { kty: string; crv?: string; key_ops: string[] };
      key(name, `${kty} ${crv ?? 'P-256'}`, operations);
    }
    const version = id ? keys.get(name)?.find((one) => one.id === id) : keys.get(name)?.at(-1);
    if (version === undefined) return refuse(404, 'KeyNotFound');
    const kid = `https://${vaultHost}/keys/${name}/${version.id}`;
    if (action === 'sign') {
      if (!version.enabled) return refuse(403, 'Forbidden', 'KeyDisabled');
      if (!version.operations.includes('sign')) return refuse(403, 'Forbidden', 'KeyOperationForbidden');
      const { alg, value } = JSON.parse(body) as { alg: string; value: string };
      const signature = signHash(version.privateKey, alg, Buffer.from(value, 'base64url'));
      if (signature === undefined) return refuse(400, 'BadParameter');
      return answer(200, { kid, value: Buffer.from(signature).toString('base64url') });
    }
    const jwk = createPublicKey(version.privateKey).export({ format: 'jwk' });
    const crv = jwk.crv === 'secp256k1' ? 'P-256K' : jwk.crv;
    return answer(200, {
      key: {
        ...jwk,
        ...(crv === undefined ? {} : { crv }),
        kid,
        kty: version.kty,
        key_ops: version.operations,
      },
      attributes: { enabled: version.enabled, created: 1, updated: 1, recoveryLevel: 'Purgeable' },
    });
  };

  const { caPem, certificatePem, privateKeyPem } = createSelfSigned({
    names: [vaultHost, login, '127.0.0.1'],
  });
  writeFileSync(at('ca.crt'), caPem);
  writeFileSync(at('token'), assertion);
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch((error: unknown) => response.writeHead(599).end(String(error)));
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, listener);
  const { createServer: createPlain } = await import('node:http');
  const plain = createPlain(listener);
  for (const one of [server, plain])
    await new Promise<void>((resolve) => one.unref().listen(0, '127.0.0.1', resolve));
  const { url: proxy } = await startTunnel((server.address() as AddressInfo).port);
  const plainUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const nobody = { HTTPS_PROXY: proxy, SSL_CERT_FILE: at('ca.crt'), REQUESTS_CA_BUNDLE: at('ca.crt') };
  const who = { ...nobody, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client };
  return {
    env: { ...who, AZURE_CLIENT_SECRET: clientSecret },
    ways: {
      'a workload identity': {
        who: { ...who, AZURE_FEDERATED_TOKEN_FILE: at('token') },
        cosign: true,
      },
      'the managed identity of a container': {
        who: { ...nobody, IDENTITY_ENDPOINT: `${plainUrl}/msi/token`, IDENTITY_HEADER: identityHeader },
        cosign: true,
      },
      'the managed identity of a machine': {
        who: { ...nobody, AZURE_POD_IDENTITY_AUTHORITY_HOST: plainUrl },
        cosign: false,
      },
    },
    key,
  };
}
