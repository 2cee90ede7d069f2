/**
 * Google Cloud, as far as keys need it: the service of `interop/gcp-kms` at the names it has at Google, to which a proxy leads.
 * cosign speaks Google's gRPC with it, and we its REST API.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSelfSigned } from '@pratique/crypto';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { buildGoProgram } from '../tools/go.ts';
import type { Context } from './context.ts';
import { startServer } from './process.ts';
import { startTunnel } from './tunnel.ts';

type Environment = Readonly<Record<string, string>>;
type Document = Readonly<Record<string, unknown>>;

export const keyRing = 'projects/team/locations/europe-west1/keyRings/signing';

export interface Google {
  /** As a user, by a refresh token. */
  readonly env: Environment;
  /** The machine's own account, without a proxy, over REST alone. */
  readonly local: Environment;
  /** The credentials there are, each as it is set up. */
  readonly ways: Readonly<Record<string, Environment>>;
  /** Does something in KMS, as an administrator: a path below `/v1/`. */
  ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: Document): Promise<Document>;
}

/** Makes a key, and its key ring where there is none. */
export async function newGoogleKey({ ask }: Google, name: string, algorithm: string): Promise<void> {
  const [, location, ring] = /^(.+)\/keyRings\/(.+)$/.exec(keyRing)!;
  await ask('GET', keyRing).catch(() => ask('POST', `${location}/keyRings?keyRingId=${ring}`, {}));
  const key = { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm } };
  await ask('POST', `${keyRing}/cryptoKeys?cryptoKeyId=${name}`, key);
}

export async function startGoogle(context: Context): Promise<Google> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const program = at('gcp-kms');
  const source = fileURLToPath(new URL('../interop/gcp-kms', import.meta.url));
  await buildGoProgram(join(cacheDirectory(), 'tools'), source, program);
  const names = ['cloudkms', 'oauth2', 'sts'].map((name) => `${name}.googleapis.com`);
  const { caPem, certificatePem, privateKeyPem } = createSelfSigned({ names });
  writeFileSync(at('ca.crt'), caPem);
  writeFileSync(at('tls.crt'), certificatePem);
  writeFileSync(at('tls.key'), privateKeyPem, { mode: 0o600 });
  const flags = ['-tls-cert', at('tls.crt'), '-tls-key', at('tls.key'), '-account-key', at('account.key')];
  const { match } = await startServer(program, flags, /listening on (\d+) and (\d+)\n/);
  const [secure, plain] = [Number(match[1]), Number(match[2])];
  const { url: proxy } = await startTunnel(secure);

  const file = (name: string, document: Document): Environment => {
    writeFileSync(at(name), JSON.stringify(document));
    return { ...reached, GOOGLE_APPLICATION_CREDENTIALS: at(name) };
  };
  const reached = { HTTPS_PROXY: proxy, SSL_CERT_FILE: at('ca.crt'), NODE_EXTRA_CA_CERTS: at('ca.crt') };
  const token_uri = 'https://oauth2.googleapis.com/token';
  const user = file('user.json', {
    type: 'authorized_user',
    client_id: 'client.apps.googleusercontent.com',
    client_secret: 'a secret',
    refresh_token: 'the refresh token',
  });
  writeFileSync(at('subject'), 'the subject token');
  const ways = {
    'a service account': file('account.json', {
      type: 'service_account',
      project_id: 'team',
      client_email: 'signer@team.iam.gserviceaccount.com',
      client_id: '1',
      private_key_id: 'abc',
      private_key: readFileSync(at('account.key'), 'utf8'),
      token_uri,
    }),
    'a workload identity': file('external.json', {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/ci',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: at('subject') },
    }),
    'the machine': { ...reached, GCE_METADATA_HOST: `127.0.0.1:${plain}` },
  };

  const base = `http://127.0.0.1:${plain}`;
  const given = await fetch(`${base}/computeMetadata/v1/instance/service-accounts/default/token`, {
    headers: { 'metadata-flavor': 'Google' },
  });
  const { access_token: token } = (await given.json()) as { readonly access_token: string };
  const ask: Google['ask'] = async (method, path, body) => {
    const response = await fetch(`${base}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Document;
  };
  const local = { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: base, GCE_METADATA_HOST: `127.0.0.1:${plain}` };
  return { env: user, local, ways, ask };
}
