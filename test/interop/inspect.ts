/** `pratique sbom` beside Trivy and Syft, on the same images: the same packages, by name and version. */
import { deepEqual, ok } from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSbom } from '../../packages/inspect/src/index.ts';
import { bookwormBase } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { pushedImage } from '../support/images.ts';
import { describe, run } from '../support/process.ts';
import { validSpdx } from '../support/spdx.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

/** This Trivy lists what a Go program uses, and neither the standard library nor the program's own module. */
const notOfTrivy = /^golang (?:stdlib|github\.com\/google\/go-containerregistry) /;

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: 'Debian 12 with Node.js, Python and Go on it',
      run: async () => {
        const layers = [await bookwormBase(), await applications(context)];
        const image = await pushedImage(context, `${context.unique('inspect')}:v1`, layers);
        const packages = await compare(context, image);
        for (const type of ['deb', 'npm', 'pypi', 'golang'])
          ok(
            [...packages].some((one) => one.startsWith(`${type} `)),
            `no package of type ${type}`,
          );
      },
    },
    {
      name: 'Alpine 3.10.4',
      run: async () => {
        const image = `${context.ours.host}/${context.unique('inspect')}:v1`;
        const archive = join(corpora, 'images', 'alpine-3.10.4-docker-archive.tar.gz');
        await context.ok('pratique', ['copy', `docker-archive:${archive}`, image]);
        deepEqual((await compare(context, image)).size, 14);
      },
    },
    {
      name: 'tests of container-structure-test on Debian 12, commands in bubblewrap',
      run: async () => {
        const tests = join(context.scratch(), 'tests.json');
        const command = (name: string, script: string, more: object) => ({
          name,
          command: 'sh',
          args: ['-c', script],
          ...more,
        });
        const commandTests = [
          command('runs', 'echo $GREETING; perl -e "print 6*7"', {
            envVars: [
              { key: 'GREETING', value: 'hello' },
              { key: 'PATH', value: '/usr/bin:/bin' },
            ],
            expectedOutput: ['hello\n42'],
          }),
          command('has no network and no files of this machine', `cat /proc/net/route; ls ${root}`, {
            exitCode: 2,
            excludedOutput: ['eth0', 'package.json'],
          }),
          command('fails', 'exit 3', {}),
        ];
        writeFileSync(tests, JSON.stringify({ schemaVersion: '2.0.0', commandTests }));
        const args = ['check', '-o', 'json', '--structure-test', tests, `rootfs:${await bookwormBase()}`];
        const { stdout } = await context.exits(2, 'pratique', args);
        const { structureTests } = JSON.parse(stdout) as {
          structureTests: { status: string; problems: string[] }[];
        };
        deepEqual(
          structureTests.map(({ status, problems }) => [status, ...problems]),
          [['passed'], ['passed'], ['failed', 'expected exit code 0, found 3']],
        );
      },
    },
  ];
}

/** A layer with an application of each language, installed by its own package manager. */
async function applications(context: Context): Promise<string> {
  const directory = context.scratch();
  const app = join(directory, 'srv/app');
  mkdirSync(app, { recursive: true });
  const dependencies = { express: '4.21.1', lodash: '4.17.21' };
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', dependencies }));
  await succeeds('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', app]);
  const python = join(directory, 'usr/local/lib/python3.11/dist-packages');
  const wheels = ['requests==2.32.3', 'certifi==2024.8.30', 'PyYAML==6.0.2'];
  const quiet = ['-q', '--disable-pip-version-check', '--root-user-action=ignore', '--no-deps'];
  await succeeds('python3', ['-m', 'pip', 'install', ...quiet, '--target', python, ...wheels]);
  mkdirSync(join(directory, 'usr/local/bin'), { recursive: true });
  copyFileSync(context.tools.crane, join(directory, 'usr/local/bin/crane'));
  const tar = `${directory}.tar`;
  await succeeds('tar', ['-C', directory, '--owner=0', '--group=0', '-cf', tar, '.']);
  return tar;
}

async function succeeds(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args);
  if (result.code !== 0) throw new Error(describe(command, args, result));
}

/** The packages all three find in an image. */
async function compare(context: Context, image: string): Promise<ReadonlySet<string>> {
  const directory = context.scratch();
  const layout = join(directory, 'layout');
  await context.ok('crane', ['pull', '--insecure', '--format', 'oci', image, layout]);
  const at = (name: string) => join(directory, `${name}.json`);
  const trivy = ['--offline-scan', '--list-all-pkgs', '--format', 'cyclonedx', '-q', '-o', at('trivy')];
  await context.ok('trivy', ['image', '--input', layout, '--cache-dir', join(directory, 'cache'), ...trivy]);
  await context.ok('syft', ['scan', `oci-dir:${layout}`, '-q', '-o', `cyclonedx-json=${at('syft')}`], {
    env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' },
  });
  writeFileSync(at('ours'), await context.ok('pratique', ['sbom', '-o', 'cyclonedx-json', `oci:${layout}`]));
  // The same image from the registry is the same document but for its name and time.
  const remote = await context.ok('pratique', [
    'sbom',
    '--allow-http-registry',
    '-o',
    'cyclonedx-json',
    image,
  ]);
  writeFileSync(at('ours.spdx'), await context.ok('pratique', ['sbom', '-o', 'spdx-json', `oci:${layout}`]));
  await validSpdx(at('ours.spdx'));
  const ours = packagesOf(readFileSync(at('ours')));
  deepEqual(packagesOf(readFileSync(at('ours.spdx'))), ours);
  deepEqual(packagesOf(Buffer.from(remote)), ours);
  const difference = (name: string, left: readonly string[]) => {
    const theirs = new Set(packagesOf(readFileSync(at(name))));
    return {
      onlyOurs: left.filter((one) => !theirs.has(one)),
      onlyTheirs: [...theirs].filter((one) => !left.includes(one)),
    };
  };
  const same = { onlyOurs: [], onlyTheirs: [] };
  deepEqual(difference('syft', ours), same, 'Syft');
  deepEqual(
    difference(
      'trivy',
      ours.filter((one) => !notOfTrivy.test(one)),
    ),
    same,
    'Trivy',
  );
  process.stdout.write(`       ${ours.length} packages in all three\n`);
  return new Set(ours);
}

/** `deb bash 5.2.15-2+b7`, each once. Trivy and Syft say `v1.2` or `1.2` of the same Go module. */
function packagesOf(document: Uint8Array): string[] {
  const { packages } = readSbom(new Uint8Array(document));
  return [
    ...new Set(
      packages.map(({ type, name, version }) => `${type} ${name} ${version.replace(/^(?:v|go)(?=\d)/, '')}`),
    ),
  ].sort();
}
