/** A private Sigstore all of whose keys for what is signed are in HashiCorp Vault, while things happen to Vault. */
import { match, notEqual } from 'node:assert/strict';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import {
  alice,
  bob,
  identity,
  initialize,
  type PrivateSigstore,
  startSigstoreWith,
  token,
} from '../support/private-sigstore.ts';
import { FAULT, NONE_MATCHES } from '../support/signing.ts';
import { startVault, type Vault } from '../support/vault.ts';

const USAGE = 3;
const REGISTRY = ['--allow-http-registry'];

/** A key of each kind, where it may be one. */
const keys = [
  ['--ca-root-key', 'ca-root', 'rsa-4096'],
  ['--ca-key', 'ca', 'ecdsa-p384'],
  ['--tsa-root-key', 'tsa-root', 'ecdsa-p521'],
  ['--tsa-key', 'tsa', 'rsa-3072'],
  ['--rekor-key', 'rekor', 'ecdsa-p256'],
  ['--rekor-v2-key', 'rekor-v2', 'ed25519'],
  ['--ctlog-key', 'ctlog', 'ecdsa-p256'],
] as const;

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'cosign signs into both logs and verifies, and so do we; rotated keys sign on under the version that was published; a sealed Vault signs nothing',
      run: () => keysInVault(context),
    },
  ];
}

async function keysInVault(context: Context): Promise<void> {
  const vault = await startVault(context);
  for (const [, name, type] of keys) await vault.key(name, type);
  const allowed = {
    'transit/keys/+': ['read'],
    'transit/sign/+': ['update'],
    'transit/sign/+/+': ['update'],
  };
  const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: await vault.limitedToken(allowed) };
  const directory = join(context.scratch(), 'sigstore');
  const flags = (version = '') => keys.flatMap(([flag, name]) => [flag, `hashivault://${name}${version}`]);
  let sigstore = await startSigstoreWith(context, directory, env, '0', ...flags());
  try {
    await initialize(context, sigstore);
    const configs = [sigstore.signingConfig, sigstore.signingConfigRekorV2];
    for (const config of configs) await signBoth(context, sigstore, config);
    for (const [, name] of keys) await vault.ask('POST', `transit/keys/${name}/rotate`);
    for (const config of configs) await signBoth(context, sigstore, config);
    await whileSealed(context, vault, sigstore);
    await signBoth(context, sigstore, sigstore.signingConfig);
  } finally {
    await sigstore.server.stop();
  }
  await context.ok('pratique', ['sigstore', 'audit', '--data', directory]);
  // Another version of a key is another key, and none that clients trust.
  const serve = ['sigstore', 'serve', '--listen', '127.0.0.1:0', '--data', directory, ...flags()];
  const { stderr } = await context.exits(USAGE, 'pratique', serve, { env });
  match(stderr, /^error SIGSTORE_SERVER_OPTION_INVALID:/m);
  sigstore = await startSigstoreWith(context, directory, env, '0', ...flags('?version=1'));
  try {
    await initialize(context, sigstore);
    await signBoth(context, sigstore, sigstore.signingConfigRekorV2);
  } finally {
    await sigstore.server.stop();
  }
  await vault.stop();
}

/** Cosign signs for Alice and we for Bob, and both verify both, for whom it was. */
async function signBoth(context: Context, sigstore: PrivateSigstore, config: string): Promise<void> {
  const { env, trustedRoot } = sigstore;
  const byCosign = await context.image(context.ours);
  const cosign = ['sign', '-y', ...REGISTRY, '--signing-config', config];
  const forAlice = ['--identity-token', await token(sigstore, alice)];
  await context.ok('cosign', [...cosign, ...forAlice, byCosign.pinned], { env });
  const byUs = await context.image(context.ours);
  const pratique = ['sign', ...REGISTRY, '--signing-config', config, '--trusted-root', trustedRoot];
  const forBob = ['--identity-token', await token(sigstore, bob)];
  await context.ok('pratique', [...pratique, ...forBob, byUs.pinned]);
  for (const [image, signer, other] of [
    [byCosign, alice, bob],
    [byUs, bob, alice],
  ] as const) {
    const verify = (who: string) => ['verify', ...REGISTRY, ...identity(sigstore, who), image.pinned];
    const ours = (who: string) => [...verify(who), '--trusted-root', trustedRoot];
    await context.ok('cosign', verify(signer), { env });
    await context.ok('pratique', ours(signer));
    notEqual((await context.run('cosign', verify(other), { env })).code, 0);
    await context.exits(NONE_MATCHES, 'pratique', ours(other));
  }
}

async function whileSealed(context: Context, vault: Vault, sigstore: PrivateSigstore): Promise<void> {
  const { env, trustedRoot, signingConfig } = sigstore;
  const image = await context.image(context.ours);
  const identityToken = ['--identity-token', await token(sigstore, alice)];
  const sign = ['sign', ...REGISTRY, '--signing-config', signingConfig, ...identityToken];
  await vault.seal();
  notEqual((await context.run('cosign', [...sign, '-y', image.pinned], { env })).code, 0);
  await context.exits(FAULT, 'pratique', [...sign, '--trusted-root', trustedRoot, image.pinned]);
  await vault.unseal();
}
