/** Fifty people sign one image at the same moment, each in a process of their own: no signature is lost. */
import { equal } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import { alice, bob, identity, startSigstore, token } from '../support/private-sigstore.ts';

const signers = 50;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const directory = context.scratch();
  const sigstore = await startSigstore(context, join(directory, 'sigstore'));
  const root = ['--trusted-root', sigstore.trustedRoot];
  const services = ['--signing-config', sigstore.signingConfig, ...root];
  const identities = new Map<string, string>();
  const combinations = context.registries.flatMap((registry) =>
    (['bundle', 'legacy'] as const).map((format) => ({ registry, format })),
  );
  return [
    ...combinations.map(({ registry, format }) => ({
      name: `${registry.name}, ${format}: ${signers} signers of one image at the same moment`,
      run: async () => {
        for (const email of [alice, bob]) {
          const file = join(directory, email);
          writeFileSync(file, await token(sigstore, email));
          identities.set(email, file);
        }
        const image = await context.image(registry);
        const sign = (number: number) => {
          const who = ['--identity-token', identities.get(number % 2 === 0 ? alice : bob)!];
          const flags = ['--allow-http-registry', `--new-bundle-format=${format === 'bundle'}`];
          const mark = ['-a', `signer=${number}`];
          return context.ok('pratique', ['sign', ...flags, ...services, ...who, ...mark, image.pinned], {
            timeout: 300_000,
          });
        };
        await Promise.all(Array.from({ length: signers }, (_, number) => sign(number)));
        const found = new Set<string>();
        for (const email of [alice, bob]) {
          const flags = ['--allow-http-registry', '-o', 'json', ...root, ...identity(sigstore, email)];
          const json = JSON.parse(await context.ok('pratique', ['verify', ...flags, image.pinned])) as {
            optional: Record<string, string> | null;
          }[];
          for (const { optional } of json) found.add(String(optional?.['signer']));
        }
        equal(found.size, signers, `${signers - found.size} signatures were lost`);
      },
    })),
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
