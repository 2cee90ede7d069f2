/** A private Sigstore whose keys are in three clouds, and a trust file that names keys of all of them. */
import { equal, notEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newAwsKey, startAws } from '../support/aws.ts';
import { startAzure, vaultHost } from '../support/azure.ts';
import type { Context, Scenario } from '../support/context.ts';
import { keyRing, newGoogleKey, startGoogle } from '../support/google.ts';
import { alice, bob, identity, initialize, startSigstoreWith, token } from '../support/private-sigstore.ts';
import { NONE_MATCHES } from '../support/signing.ts';

const FAULT = 1;
const DENIED = 2;
const REGISTRY = ['--allow-http-registry'];
const awskms = (name: string) => `awskms:///alias/${name}`;
const gcpkms = (name: string) => `gcpkms://${keyRing}/cryptoKeys/${name}`;
const azurekms = (name: string) => `azurekms://${vaultHost}/${name}`;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const clouds = await startClouds(context);
  return [
    {
      name: 'a private Sigstore whose keys are in AWS, Google Cloud and Azure signs for cosign and for us, into both logs',
      run: () => sigstoreInClouds(context, clouds),
    },
    {
      name: 'a trust file with keys in three clouds admits what each of them signed, and nothing where one cannot be reached',
      run: () => trustClouds(context, clouds),
    },
  ];
}

type Clouds = Awaited<ReturnType<typeof startClouds>>;

async function startClouds(context: Context) {
  const aws = await startAws(context);
  const google = await startGoogle(context);
  const azure = await startAzure(context);
  // A server of ours takes one proxy, which leads to Azure.
  const { REQUESTS_CA_BUNDLE: ca, ...azureEnv } = azure.env as Record<string, string>;
  return { aws, google, azure, env: { ...aws.env, ...google.local, ...azureEnv, REQUESTS_CA_BUNDLE: ca! } };
}

async function sigstoreInClouds(context: Context, { aws, google, azure, env }: Clouds): Promise<void> {
  await newAwsKey(aws, 'ca-root', 'RSA_4096');
  await newAwsKey(aws, 'ca', 'ECC_NIST_P384');
  await newAwsKey(aws, 'tsa-root', 'ECC_NIST_P521');
  await newGoogleKey(google, 'tsa', 'RSA_SIGN_PKCS1_3072_SHA256');
  await newGoogleKey(google, 'rekor', 'EC_SIGN_P256_SHA256');
  azure.key('rekor-v2', 'EC P-256');
  azure.key('ctlog', 'EC P-256');
  const flags = [
    ...['--ca-root-key', awskms('ca-root'), '--ca-key', awskms('ca'), '--tsa-root-key', awskms('tsa-root')],
    ...['--tsa-key', gcpkms('tsa'), '--rekor-key', gcpkms('rekor')],
    ...['--rekor-v2-key', azurekms('rekor-v2'), '--ctlog-key', azurekms('ctlog')],
  ];
  const directory = join(context.scratch(), 'sigstore');
  const sigstore = await startSigstoreWith(context, directory, env, '0', ...flags);
  try {
    await initialize(context, sigstore);
    const { trustedRoot, signingConfig, signingConfigRekorV2 } = sigstore;
    for (const config of [signingConfig, signingConfigRekorV2]) {
      const byCosign = await context.image(context.ours);
      const forAlice = ['--identity-token', await token(sigstore, alice)];
      const cosign = ['sign', '-y', ...REGISTRY, '--signing-config', config, ...forAlice, byCosign.pinned];
      await context.ok('cosign', cosign, { env: sigstore.env });
      const byUs = await context.image(context.ours);
      const forBob = ['--identity-token', await token(sigstore, bob), '--trusted-root', trustedRoot];
      await context.ok('pratique', ['sign', ...REGISTRY, '--signing-config', config, ...forBob, byUs.pinned]);
      for (const [image, signer, other] of [
        [byCosign, alice, bob],
        [byUs, bob, alice],
      ] as const) {
        const verify = (who: string) => ['verify', ...REGISTRY, ...identity(sigstore, who), image.pinned];
        const ours = (who: string) => [...verify(who), '--trusted-root', trustedRoot];
        await context.ok('cosign', verify(signer), { env: sigstore.env });
        await context.ok('pratique', ours(signer));
        notEqual((await context.run('cosign', verify(other), { env: sigstore.env })).code, 0);
        await context.exits(NONE_MATCHES, 'pratique', ours(other));
      }
    }
  } finally {
    await sigstore.server.stop();
  }
  await context.ok('pratique', ['sigstore', 'audit', '--data', directory]);
}

async function trustClouds(context: Context, { aws, google, azure, env }: Clouds): Promise<void> {
  await newAwsKey(aws, 'team', 'ECC_NIST_P256');
  await newGoogleKey(google, 'team', 'EC_SIGN_P384_SHA384');
  azure.key('team', 'RSA');
  const keys = [awskms('team'), gcpkms('team'), azurekms('team')];
  const file = join(context.scratch(), 'trust.yaml');
  const admit = (trusted: readonly string[], image: string, more: Readonly<Record<string, string>> = {}) => {
    const trust = {
      apiVersion: 'pratique.dev/v1',
      kind: 'Trust',
      authorities: { team: { keys: trusted } },
      images: [{ match: '**', require: { any: ['team'] } }],
    };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(trust));
    return context.run('pratique', ['admit', '--trust', file, image], { env: { ...env, ...more } });
  };
  for (const key of keys) {
    const { pinned } = await context.image(context.ours);
    await context.ok('pratique', ['sign', '--key', key, ...REGISTRY, pinned], { env });
    equal((await admit(keys, pinned)).code, 0);
    const others = keys.filter((one) => one !== key);
    equal((await admit(others, pinned)).code, DENIED);
    // Nothing listens there.
    equal((await admit(keys, pinned, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' })).code, FAULT);
  }
}
