/** `docs/private-sigstore.md` from top to bottom as its reader does it, with the real cosign where the page has cosign. */
import { equal, ok } from 'node:assert/strict';
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consoleSteps, matchesShown } from '../e2e/console-blocks.ts';
import type { Context, Scenario } from '../support/context.ts';
import { pratique } from '../support/pratique.ts';
import { startServer } from '../support/process.ts';

const page = fileURLToPath(new URL('../../docs/private-sigstore.md', import.meta.url));

export async function scenarios(context: Context): Promise<Scenario[]> {
  const text = readFileSync(page, 'utf8');
  return [
    {
      name: 'every command of docs/private-sigstore.md prints what the page shows',
      run: async () => {
        const directory = context.scratch();
        const [, start = ''] = /```sh\nnpx pratique (sigstore serve .*)\n```/.exec(text) ?? [];
        const [, issuers = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
        ok(start !== '' && issuers !== '', 'the page shows how to start, and a configuration of issuers');
        writeFileSync(join(directory, 'issuers.yaml'), issuers);
        const [command, ...prefix] = pratique;
        const server = await startServer(
          command,
          [
            ...prefix,
            ...start.replace('localhost:5080', '127.0.0.1:0').split(' '),
            ...['-o', 'json', '--issuers', 'issuers.yaml'],
          ],
          /"sigstore":\s*"http:\/\/(127\.0\.0\.1:\d+)"/,
          { cwd: directory },
        );
        try {
          const image = await context.image(context.ours);
          await context.ok('crane', ['copy', '--insecure', image.pinned, `${context.ours.host}/app:1.0`]);
          const places: [shown: string, actual: string][] = [
            ['localhost:5000', context.ours.host],
            ['localhost:5080', server.match[1]!],
          ];
          const bin = context.scratch();
          symlinkSync(context.tools.cosign, join(bin, 'cosign'));
          writeFileSync(
            join(bin, 'npx'),
            `#!/bin/sh\nshift\nexec '${command}' '${prefix.join("' '")}' "$@"\n`,
          );
          chmodSync(join(bin, 'npx'), 0o755);
          const env = {
            HOME: directory,
            TUF_ROOT: undefined,
            PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
          };
          const steps = consoleSteps(text, 'cosign');
          ok(
            steps.some((step) => step.command.startsWith('cosign ')),
            'the page has cosign',
          );
          for (const step of steps) {
            const here = places.reduce((all, [shown, actual]) => all.replaceAll(shown, actual), step.command);
            const { stdout } = await context.run(['bash'], ['-c', `exec 2>&1; ${here}`], {
              cwd: directory,
              env,
            });
            const said = places.reduce((all, [shown, actual]) => all.replaceAll(actual, shown), stdout);
            if (!matchesShown(step.shown, said))
              equal(`$ ${step.command}\n${said}`, `$ ${step.command}\n${step.shown}`, `${page}:${step.line}`);
          }
        } finally {
          await server.stop();
        }
      },
    },
  ];
}
