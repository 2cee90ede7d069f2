/** Keys behind a KMS plugin on sigstore's own handler, with cosign beside us on the same ones. */
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import type { Context, Scenario } from '../support/context.ts';
import { type KeyService, keyServiceScenarios } from '../support/key-signing.ts';
import { buildGoProgram } from '../tools/go.ts';

export async function scenarios(context: Context): Promise<Scenario[]> {
  return keyServiceScenarios(context, await plugin(context));
}

async function plugin(context: Context): Promise<KeyService> {
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
