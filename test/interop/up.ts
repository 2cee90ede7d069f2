/** `pratique up`, and nothing else of ours running: crane pushes to it, cosign signs with its Sigstore, its webhook decides. */
import { equal, match } from 'node:assert/strict';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import { alice, initialize, type PrivateSigstore, token } from '../support/private-sigstore.ts';
import { startUp, type Up } from '../support/up.ts';
import { askWebhook, isLetIn, reviewOf } from '../support/webhook.ts';

/** Its Sigstore, as one that was started alone. */
function sigstoreOf(up: Up, data: string, tuf: string): PrivateSigstore {
  const directory = join(data, 'sigstore');
  return {
    url: up.sigstore,
    directory,
    trustedRoot: join(directory, 'trusted_root.json'),
    signingConfig: join(directory, 'signing_config.v0.2.json'),
    signingConfigRekorV2: join(directory, 'signing_config_rekor_v2.v0.2.json'),
    env: { TUF_ROOT: tuf },
    server: { pid: 0, match: /x/.exec('x')!, stop: () => up.stop() },
  };
}

export function scenarios(context: Context): Scenario[] {
  return [
    {
      name: 'pratique up: denied while nobody signed it, allowed once cosign did, and after a restart',
      run: async () => {
        const data = join(context.scratch(), 'data');
        const up = await startUp(data, [alice]);
        const sigstore = sigstoreOf(up, data, join(context.scratch(), 'tuf'));
        let addresses: { registry: string; sigstore: string };
        let pinned: string;
        try {
          const image = await context.image(context.theirs);
          await context.ok('crane', ['copy', image.pinned, `${up.registry}/team/app:v1`]);
          pinned = `${up.registry}/team/app@${image.digest}`;
          const before = await askWebhook(up, '/validate', reviewOf([pinned]));
          equal(before.allowed, false);
          match(before.status?.message ?? '', /SIGNATURE_MISSING/);
          await initialize(context, sigstore);
          const identity = ['--identity-token', await token(sigstore, alice)];
          const { env } = sigstore;
          await context.ok('cosign', ['sign', '--yes', '--allow-http-registry', ...identity, pinned], {
            env,
          });
          equal(await isLetIn(up, pinned), true);
          addresses = { registry: up.registry, sigstore: new URL(up.sigstore).host };
        } finally {
          await up.stop();
        }
        const again = await startUp(data, [], addresses);
        try {
          equal((await askWebhook(again, '/validate', reviewOf([pinned]))).allowed, true);
        } finally {
          await again.stop();
        }
      },
    },
  ];
}
