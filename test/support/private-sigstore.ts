/** A private Sigstore in its own process, started as a user starts it, and people who have identities there. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './context.ts';
import { pratique } from './pratique.ts';
import { type Server, startServer } from './process.ts';

export const alice = 'alice@example.test';
export const bob = 'bob@example.test';

export interface PrivateSigstore {
  readonly url: string;
  readonly directory: string;
  readonly trustedRoot: string;
  readonly signingConfig: string;
  /** The same with Rekor v2 in it. */
  readonly signingConfigRekorV2: string;
  /** Environment of a cosign that was initialized with its TUF repository. */
  readonly env: Readonly<Record<string, string>>;
  readonly server: Server;
}

export function startSigstore(
  context: Context,
  directory: string,
  port = '0',
  ...more: string[]
): Promise<PrivateSigstore> {
  return startSigstoreWith(context, directory, {}, port, ...more);
}

/** The same with more in its environment. */
export async function startSigstoreWith(
  context: Context,
  directory: string,
  env: Readonly<Record<string, string>>,
  port = '0',
  ...more: string[]
): Promise<PrivateSigstore> {
  const [command, ...prefix] = pratique;
  const people = ['--person', alice, '--person', bob];
  const flags = ['--listen', `127.0.0.1:${port}`, '--data', directory, '-o', 'json', ...people, ...more];
  const server = await startServer(
    command,
    [...prefix, 'sigstore', 'serve', ...flags],
    /"sigstore":\s*"(http:\/\/127\.0\.0\.1:\d+)"/,
    { env },
  );
  return {
    url: server.match[1]!,
    directory,
    trustedRoot: join(directory, 'trusted_root.json'),
    signingConfig: join(directory, 'signing_config.v0.2.json'),
    signingConfigRekorV2: join(directory, 'signing_config_rekor_v2.v0.2.json'),
    env: { TUF_ROOT: join(context.scratch(), 'tuf') },
    server,
  };
}

/** Has a cosign take its trust from the TUF repository. */
export async function initialize(
  context: Context,
  { url, env }: PrivateSigstore,
  cosign: 'cosign' | 'cosign2' = 'cosign',
): Promise<void> {
  const root = Buffer.from(await (await fetch(`${url}/tuf/root.json`)).arrayBuffer());
  const checksum = createHash('sha256').update(root).digest('hex');
  const args = ['initialize', '--mirror', `${url}/tuf`, '--root', `${url}/tuf/root.json`];
  await context.ok(cosign, [...args, '--root-checksum', checksum], { env });
}

/** An identity token of one of the people. */
export async function token({ url, directory }: PrivateSigstore, email: string): Promise<string> {
  const people = JSON.parse(readFileSync(join(directory, 'people.json'), 'utf8')) as Record<string, string>;
  const response = await fetch(`${url}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: email,
      client_secret: people[email]!,
    }),
  });
  return ((await response.json()) as { id_token: string }).id_token;
}

/** The flags every program knows for whose signature is asked for. */
export function identity({ url }: PrivateSigstore, email: string, issuer = `${url}/oidc`): string[] {
  return ['--certificate-identity', email, '--certificate-oidc-issuer', issuer];
}
