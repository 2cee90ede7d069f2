/** Secrets in the files of images, beside Trivy: what it finds we find, in the same lines; of a real system the same. */
import { deepEqual, ok } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ScanReport } from '../../packages/inspect/src/index.ts';
import { secretSamples } from '../../packages/inspect/src/testing/secrets.ts';
import { bookwormBase, serverPackages } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { archivedImage } from '../support/images.ts';
import { describe, run } from '../support/process.ts';
import { trivySecrets } from '../support/trivy.ts';

/** How many of our kinds this Trivy knows at least; of the others it knows no form, or one in quotation marks only. */
const knownToBoth = 55;

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: `${secretSamples().size} kinds of secrets, also in files that a later layer removes`,
      run: async () => {
        const directory = context.scratch();
        const files = [...secretSamples('interop')].map(([rule, secret]) => ({
          path: rule.startsWith('maven') ? `srv/${rule}/settings.xml` : `srv/${rule}.conf`,
          text: `# of the application\nname = app\n\n${secret}\n`,
        }));
        const layers = [
          await layerOf(join(directory, 'a'), files),
          await layerOf(join(directory, 'b'), [{ path: 'srv/.wh.private-key.conf', text: '' }]),
        ];
        const archive = await archivedImage(context, join(directory, 'image.tar'), layers);
        const ours = await ourSecrets(context, archive);
        const theirs = new Set(await trivySecrets(context, archive, join(directory, 'trivy')));
        const lines = (all: Iterable<string>) =>
          new Set([...all].map((one) => one.replace(/: .* in/, ' in')));
        const [inOurs, inTheirs] = [lines(ours), lines(theirs)];
        deepEqual(
          [...inTheirs].filter((line) => !inOurs.has(line)),
          [],
          'only Trivy',
        );
        deepEqual(
          files.filter(({ path }) => !inOurs.has(`${path} in line 4`)),
          [],
          'not found',
        );
        ok(inTheirs.size >= knownToBoth, `${inTheirs.size} in both`);
        process.stdout.write(`       ${inTheirs.size} in both, ${inOurs.size - inTheirs.size} only ours\n`);
      },
    },
    {
      name: `Debian 12 with ${serverPackages.length} packages of servers and tools`,
      run: async () => {
        const directory = context.scratch();
        const base = await bookwormBase(serverPackages);
        const archive = await archivedImage(context, join(directory, 'image.tar'), [base]);
        const ours = await ourSecrets(context, archive);
        deepEqual(ours, await trivySecrets(context, archive, join(directory, 'trivy')));
        deepEqual(
          ours.filter((one) => one.startsWith('etc/ssh/')).length,
          3,
          'host keys that were made when the package was installed',
        );
      },
    },
  ];
}

async function layerOf(
  directory: string,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<string> {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const args = ['-C', directory, '--owner=0', '--group=0', '-cf', `${directory}.tar`, '.'];
  const result = await run('tar', args);
  if (result.code !== 0) throw new Error(describe('tar', args, result));
  return `${directory}.tar`;
}

/** The same of ours. The database is there because `scan` wants one. */
async function ourSecrets(context: Context, archive: string): Promise<readonly string[]> {
  const directory = context.scratch();
  const [record, database] = [join(directory, 'record.json'), join(directory, 'advisories.db')];
  writeFileSync(
    record,
    JSON.stringify({
      id: 'TEST-1',
      affected: [{ package: { ecosystem: 'npm', name: 'x' }, versions: ['1.0.0'] }],
    }),
  );
  await context.ok('pratique', ['db', 'import', record, '--db', database]);
  const args = ['--db', database, '--allow-uncovered', '-o', 'json', '--no-cache'];
  const { secrets } = JSON.parse(
    await context.ok('pratique', ['scan', `docker-archive:${archive}`, ...args]),
  ) as ScanReport;
  return (secrets ?? []).map(({ path, rule, line }) => `${path}: ${rule} in line ${line}`).sort();
}
