/** Trust by TUF: cosign's cache and ours are one, and neither believes a repository that was changed. */
import { notEqual } from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context, Program, Scenario } from '../support/context.ts';
import { alice, bob, identity, initialize, startSigstore, token } from '../support/private-sigstore.ts';
import type { TestImage } from '../support/registries.ts';
import { NONE_MATCHES } from '../support/signing.ts';
import { ceremonyScenarios } from '../support/tuf-ceremony.ts';
import { rotationScenarios } from '../support/tuf-rotation.ts';

export async function scenarios(context: Context): Promise<Scenario[]> {
  let sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const mirror = `${sigstore.url}/tuf`;
  const root = join(context.scratch(), 'root.json');
  writeFileSync(root, Buffer.from(await (await fetch(`${mirror}/root.json`)).arrayBuffer()));
  const image = await context.image(context.ours);
  const caches = {
    cosign: { TUF_ROOT: join(context.scratch(), 'of-cosign') },
    pratique: { TUF_ROOT: join(context.scratch(), 'of-pratique') },
  };
  const verifyImage = (email: string, signed: TestImage) => [
    'verify',
    '--allow-http-registry',
    ...identity(sigstore, email),
    signed.pinned,
  ];
  const verify = (email: string) => verifyImage(email, image);
  const initializeWith = (program: Program, from: string, trusted: string) =>
    context.run(program, ['initialize', '--mirror', from, '--root', trusted], {
      env: { TUF_ROOT: join(context.scratch(), 'tuf') },
    });

  return [
    ...(await rotationScenarios(context)),
    ...(await ceremonyScenarios(context)),
    {
      name: 'cosign and we initialize from the same repository, and cosign signs with our cache',
      run: async () => {
        await initialize(context, { ...sigstore, env: caches.cosign });
        await context.ok('pratique', ['initialize', '--mirror', mirror, '--root', root], {
          env: caches.pratique,
        });
        const args = [
          'sign',
          '--yes',
          '--allow-http-registry',
          '--identity-token',
          await token(sigstore, alice),
        ];
        await context.ok('cosign', [...args, image.pinned], { env: caches.pratique });
      },
    },
    ...(['cosign', 'pratique'] as const).map((writer) => ({
      name: `both verify with the roots that ${writer} initialize kept`,
      run: async () => {
        const options = { env: caches[writer] };
        await context.ok('cosign', verify(alice), options);
        await context.ok('pratique', verify(alice), options);
        await context.exits(NONE_MATCHES, 'pratique', verify(bob), options);
      },
    })),
    {
      name: 'over a rotation of every key both go on, old signatures count, and a root of before leads to the new ones',
      run: async () => {
        await sigstore.server.stop();
        const services = ['rekor', 'rekor-v2', 'ctlog', 'fulcio', 'tsa', 'tuf-root', 'tuf'];
        await context.ok('pratique', ['sigstore', 'rotate', ...services, '--data', sigstore.directory]);
        sigstore = await startSigstore(context, sigstore.directory, new URL(sigstore.url).port);
        const fresh = { env: { TUF_ROOT: join(context.scratch(), 'tuf') } };
        await context.ok('cosign', ['initialize', '--mirror', mirror, '--root', root], fresh);
        const later = await context.image(context.ours);
        const identityToken = ['--identity-token', await token(sigstore, alice)];
        const args = ['sign', '--yes', '--allow-http-registry', ...identityToken, later.pinned];
        await context.ok('cosign', args, fresh);
        for (const signed of [image, later]) {
          for (const env of [fresh.env, caches.cosign])
            await context.ok('cosign', verifyImage(alice, signed), { env });
          const trusted = ['--trusted-root', sigstore.trustedRoot];
          await context.ok('pratique', [...verifyImage(alice, signed), ...trusted]);
          await context.exits(NONE_MATCHES, 'pratique', [...verifyImage(bob, signed), ...trusted]);
        }
        await context.ok('cosign2', ['initialize', '--mirror', mirror, '--root', root], {
          env: { TUF_ROOT: join(context.scratch(), 'tuf') },
        });
        await context.ok('pratique', ['initialize', '--mirror', mirror, '--root', root], {
          env: caches.pratique,
        });
      },
    },
    {
      name: 'a repository whose timestamp was changed is refused by both, from a directory',
      run: async () => {
        const copy = join(context.scratch(), 'repository');
        cpSync(join(sigstore.directory, 'tuf', 'repository'), copy, { recursive: true });
        const url = pathToFileURL(copy).href;
        await context.ok('pratique', ['initialize', '--mirror', url, '--root', root], {
          env: { TUF_ROOT: join(context.scratch(), 'tuf') },
        });
        const timestamp = join(copy, 'timestamp.json');
        const text = readFileSync(timestamp, 'utf8');
        writeFileSync(timestamp, text.replace(/"version": \d+/, '"version": 99'));
        notEqual((await initializeWith('pratique', url, root)).code, 0);
        notEqual((await initializeWith('cosign', url, root)).code, 0);
      },
    },
    {
      name: 'when the repository is gone we verify with what was kept, where cosign fails (cosign#4454)',
      run: async () => {
        await sigstore.server.stop();
        for (const env of Object.values(caches)) {
          await context.ok('pratique', [...verify(alice), '--offline'], { env });
          await context.ok('pratique', verify(alice), { env });
          notEqual((await context.run('cosign', verify(alice), { env })).code, 0);
        }
      },
    },
  ];
}
