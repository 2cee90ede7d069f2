/** Keys in key services, with cosign beside us on the same ones: a KMS plugin on sigstore's own handler, Kubernetes, Vault. */
import { equal, match, notEqual } from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { createSelfSigned } from '../../packages/crypto/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { kubeconfig, startKubernetes, startTransit, vaultToken } from '../support/key-services.ts';
import { NONE_MATCHES } from '../support/signing.ts';
import { buildGoProgram } from '../tools/go.ts';

const USAGE = 3;

/** One kind of key service, with an environment in which both programs reach it. */
interface Service {
  readonly name: string;
  /** `--key` of a key by its name. */
  readonly reference: (name: string) => string;
  readonly env: Readonly<Record<string, string>>;
  /** How a key is made, by either program. */
  readonly make: (reference: string) => readonly string[];
  readonly missing: RegExp;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const services = [await plugin(context), await kubernetes(context), await vault()];
  return services.flatMap((service) =>
    (['cosign', 'pratique'] as const).map((maker) => ({
      name: `${service.name}: a key that ${maker} makes signs for both programs, and each verifies the other`,
      run: () => signBoth(context, service, maker),
    })),
  );
}

async function plugin(context: Context): Promise<Service> {
  const directory = context.scratch();
  const keys = join(directory, 'keys');
  mkdirSync(keys);
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('kms-plugin', import.meta.url)),
    join(directory, 'sigstore-kms-filekms'),
  );
  return {
    name: 'KMS plugin',
    reference: (name) => `filekms://${name}`,
    env: { PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}`, FILEKMS_DIRECTORY: keys },
    make: (reference) => ['generate-key-pair', '--kms', reference],
    missing: /KEY_PLUGIN_FAILED.*no such key/s,
  };
}

async function kubernetes(context: Context): Promise<Service> {
  const { caPem, certificatePem: cert, privateKeyPem: key } = createSelfSigned({ names: ['127.0.0.1'] });
  const server = await startKubernetes({ cert, key });
  const config = join(context.scratch(), 'kubeconfig');
  writeFileSync(config, kubeconfig(server.url, caPem));
  return {
    name: 'Kubernetes secret',
    reference: (name) => `k8s://team/${name}`,
    env: { KUBECONFIG: config },
    make: (reference) => ['generate-key-pair', reference],
    missing: /KEY_NOT_FOUND/,
  };
}

async function vault(): Promise<Service> {
  const { url } = await startTransit();
  return {
    name: 'Vault transit',
    reference: (name) => `hashivault://${name}`,
    env: { VAULT_ADDR: url, VAULT_TOKEN: vaultToken },
    make: (reference) => ['generate-key-pair', '--kms', reference],
    missing: /KEY_NOT_FOUND/,
  };
}

async function signBoth(context: Context, service: Service, maker: 'cosign' | 'pratique'): Promise<void> {
  const { env } = service;
  const key = service.reference(`made-by-${maker}`);
  const directory = context.scratch();
  await context.ok(maker, service.make(key), { env, cwd: directory });
  const publicKey = join(directory, 'cosign.pub');
  const printed = await context.ok('pratique', ['public-key', '--key', key], { env });
  equal(printed.trim(), readFileSync(publicKey, 'utf8').trim());
  equal((await context.ok('cosign', ['public-key', '--key', key], { env })).trim(), printed.trim());

  const registry = ['--allow-http-registry'];
  const verify = ['verify', '--insecure-ignore-tlog', ...registry, '--key', publicKey];
  const byCosign = await context.image(context.ours);
  const flags = ['--tlog-upload=false', '--use-signing-config=false', '-y'];
  await context.ok('cosign', ['sign', '--key', key, ...flags, ...registry, byCosign.pinned], { env });
  const byUs = await context.image(context.ours);
  await context.ok('pratique', ['sign', '--key', key, ...registry, byUs.pinned], { env });
  for (const image of [byCosign, byUs]) {
    await context.ok('cosign', [...verify, image.pinned]);
    await context.ok('pratique', [...verify, image.pinned]);
    // By the reference: its public half is looked up.
    await context.ok('pratique', [...verify.slice(0, -1), key, image.pinned], { env });
  }
  const { publicKey: stranger } = await context.keyPair('pratique');
  const wrong = [...verify.slice(0, -1), stranger, byUs.pinned];
  await context.exits(NONE_MATCHES, 'pratique', wrong);
  notEqual((await context.run('cosign', wrong)).code, 0);

  const missing = ['sign', '--key', service.reference('missing'), ...registry, byUs.pinned];
  const refused = await context.run('pratique', missing, { env });
  notEqual(refused.code, 0);
  match(refused.stderr, service.missing);
  if (service.name === 'KMS plugin') {
    const without = await context.exits(USAGE, 'pratique', missing, {
      env: { FILEKMS_DIRECTORY: directory },
    });
    match(without.stderr, /KEY_PLUGIN_MISSING/);
  }
}
