/** What cosign and we do with one key that a key service holds. */
import { equal, match, notEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from './context.ts';
import { NONE_MATCHES } from './signing.ts';

const USAGE = 3;

/** One kind of key service, with an environment in which both programs reach it. */
export interface KeyService {
  readonly name: string;
  /** `--key` of a key by its name. */
  readonly reference: (name: string) => string;
  readonly env: Readonly<Record<string, string>>;
  /** How a key is made, by either program. */
  readonly make: (reference: string) => readonly string[];
  readonly missing: RegExp;
}

/** Both make a key there, sign with it, and verify each other. */
export function keyServiceScenarios(context: Context, service: KeyService): Scenario[] {
  return (['cosign', 'pratique'] as const).map((maker) => ({
    name: `${service.name}: a key that ${maker} makes signs for both programs, and each verifies the other`,
    run: () => signBoth(context, service, maker),
  }));
}

async function signBoth(context: Context, service: KeyService, maker: 'cosign' | 'pratique'): Promise<void> {
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
