/**
 * What `pratique harden` makes, in each way it can be stored, as the tools of others read it: skopeo, crane, umoci, buildah
 * and podman. Where they can run a program, it runs.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jammyBase } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { run } from '../support/process.ts';

/** How images are stored, and whether umoci 0.4 can read that: it knows no zstd. */
const ways = [
  { name: 'one layer, gzip', settings: {}, umoci: true },
  { name: 'one layer, zstd', settings: { compression: 'zstd' }, umoci: false },
  { name: 'one layer, not compressed', settings: { compression: 'none' }, umoci: true },
  { name: 'layers of the base and one more', settings: { layers: 'diff' }, umoci: true },
] as const;

/** Programs that must be on PATH: they start themselves again, and so cannot be run from a cache with libraries of their own. */
const installed = ['umoci', 'buildah', 'podman'];

/** Of the base; none of the images may show it. */
const removed = 'usr/bin/apt-get';

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  for (const program of installed) {
    const { code } = await run(program, ['--version'], {}).catch(() => ({ code: 127 }));
    if (code !== 0) throw new Error(`${program} is not here. Try: apt-get install ${program}`);
  }
  const { tar } = await jammyBase();
  const base = `${context.ours.host}/bases/readers:1`;
  await context.ok('crane', ['append', '--insecure', '--oci-empty-base', '-f', tar, '-t', base]);
  return [
    ...ways.map(
      ({ name, settings, umoci }, index): Scenario => ({
        name: `${name}: read by skopeo, crane${umoci ? ', umoci' : ''}, buildah and podman, and run`,
        run: async () => {
          const target = `${context.ours.host}/readers/way-${index}:1`;
          await harden(context, base, target, settings);
          const layout = join(context.scratch(), 'layout');
          await context.ok('skopeo', [
            'copy',
            '--insecure-policy',
            '--src-tls-verify=false',
            `docker://${target}`,
            `oci:${layout}:1`,
          ]);
          const archive = `${layout}.tar`;
          await context.ok('crane', ['export', '--insecure', target, archive]);
          const { stdout: listed } = await run('tar', ['-tf', archive], {});
          ok(/^usr\/bin\/bash$/m.test(listed) && !listed.includes(removed), 'crane');
          if (umoci) await withUmoci(context, layout);
          await withBuildah(context, target);
          await withPodman(context, target, name.startsWith('layers') ? 2 : 1);
        },
      }),
    ),
    {
      name: 'an index over two platforms: crane and skopeo choose from it, and cosign verifies it and what is in it',
      run: async () => {
        const { privateKey, publicKey } = await context.keyPair('pratique');
        const other = `${context.ours.host}/bases/readers:arm64`;
        await context.ok('crane', [
          'mutate',
          '--insecure',
          '--set-platform',
          'linux/arm64',
          base,
          '-t',
          other,
        ]);
        const amd64 = `${context.ours.host}/bases/readers:amd64`;
        await context.ok('crane', [
          'mutate',
          '--insecure',
          '--set-platform',
          'linux/amd64',
          base,
          '-t',
          amd64,
        ]);
        const both = `${context.ours.host}/bases/readers:both`;
        await context.ok('crane', ['index', 'append', '--insecure', '-m', amd64, '-m', other, '-t', both]);
        const target = `${context.ours.host}/readers/both:1`;
        await harden(context, both, target, { platforms: 'all' }, ['--key', privateKey]);
        const trust = ['--key', publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
        for (const architecture of ['amd64', 'arm64']) {
          const config = await context.ok('crane', [
            'config',
            '--insecure',
            '--platform',
            `linux/${architecture}`,
            target,
          ]);
          equal(JSON.parse(config).architecture, architecture);
          const chosen = ['--override-arch', architecture, '--override-os', 'linux'];
          const inspected = await context.ok('skopeo', [
            ...chosen,
            'inspect',
            '--tls-verify=false',
            `docker://${target}`,
          ]);
          equal(JSON.parse(inspected).Architecture, architecture);
          const digest = await context.ok('crane', [
            'digest',
            '--insecure',
            '--platform',
            `linux/${architecture}`,
            target,
          ]);
          const image = `${target.replace(/:1$/, '')}@${digest.trim()}`;
          for (const type of ['slsaprovenance1', 'cyclonedx'])
            await context.ok('cosign', ['verify-attestation', ...trust, '--type', type, image]);
        }
        await context.ok('cosign', ['verify', ...trust, target]);
        await context.ok('cosign', ['verify-attestation', ...trust, '--type', 'slsaprovenance1', target]);
      },
    },
    {
      name: 'what another builder made is added: a program from an image of umoci’s, which then runs',
      run: async () => {
        const made = join(context.scratch(), 'made');
        await ran('umoci', ['init', '--layout', made], context);
        await ran('umoci', ['new', '--image', `${made}:1`], context);
        const bundle = `${made}-bundle`;
        await ran('umoci', ['unpack', '--rootless', '--image', `${made}:1`, bundle], context);
        mkdirSync(join(bundle, 'rootfs/opt'));
        writeFileSync(join(bundle, 'rootfs/opt/greet'), '#!/bin/bash\necho added by umoci\n', {
          mode: 0o755,
        });
        await ran('umoci', ['repack', '--image', `${made}:1`, bundle], context);
        const target = `${context.ours.host}/readers/added:1`;
        const settings = {
          add: { images: [{ image: `oci:${made}:1`, from: '/opt/greet', to: '/usr/local/bin/' }] },
          run: { entrypoint: ['/usr/local/bin/greet'] },
        };
        await harden(context, base, target, settings);
        const said = await inBuildah(context, target, ['/usr/local/bin/greet']);
        match(said, /added by umoci/);
      },
    },
  ];
}

async function harden(
  context: Context,
  base: string,
  target: string,
  more: object,
  args: readonly string[] = ['--sign=false'],
): Promise<void> {
  const file = join(context.scratch(), 'harden.yaml');
  const settings = { strip: { profile: 'distroless' }, run: { entrypoint: ['/bin/bash'] }, ...more };
  writeFileSync(file, JSON.stringify(settings));
  await context.ok('pratique', ['harden', base, '-f', file, '-t', target, '--scan=false', ...args]);
}

/** A program of this machine that must succeed. A directory of credentials without any would be an error to buildah. */
async function ran(program: string, args: readonly string[], context: Context): Promise<string> {
  return await context.ok([program], args, { env: { DOCKER_CONFIG: '' } });
}

async function withUmoci(context: Context, layout: string): Promise<void> {
  const bundle = `${layout}-umoci`;
  await ran('umoci', ['unpack', '--rootless', '--image', `${layout}:1`, bundle], context);
  ok(
    existsSync(join(bundle, 'rootfs/usr/bin/bash')) && !existsSync(join(bundle, 'rootfs', removed)),
    'umoci',
  );
  deepEqual(JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')).process.args, ['/bin/bash']);
  rmSync(bundle, { recursive: true });
}

/** Storage of its own, which needs no rights over this machine's. */
function storage(context: Context): readonly string[] {
  const directory = context.scratch();
  return ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
}

/** Runs a command in a container of the image, as its user; chroot is the isolation that works within others. */
async function inBuildah(context: Context, target: string, command: readonly string[]): Promise<string> {
  const own = storage(context);
  const from = ['from', '-q', '--tls-verify=false', `docker://${target}`];
  const container = (await ran('buildah', [...own, ...from], context)).trim();
  try {
    return await ran(
      'buildah',
      [...own, 'run', '--isolation', 'chroot', container, '--', ...command],
      context,
    );
  } finally {
    await ran('buildah', [...own, 'rm', container], context);
  }
}

async function withBuildah(context: Context, target: string): Promise<void> {
  const script = `test ! -e /${removed} && echo "$((6 * 7)) $UID"`;
  match(await inBuildah(context, target, ['/bin/bash', '-c', script]), /^42 65532$/m);
}

/** Pulled, looked at and mounted. It is not run: that needs limits and control groups which not every machine gives. */
async function withPodman(context: Context, target: string, layers: number): Promise<void> {
  const own = [...storage(context), '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  const pull = ['pull', '-q', '--tls-verify=false', `docker://${target}`];
  const id = (await ran('podman', [...own, ...pull], context)).trim();
  const [image] = JSON.parse(await ran('podman', [...own, 'image', 'inspect', id], context));
  equal(image.User, '65532:65532');
  equal(image.RootFS.Layers.length, layers);
  match(image.Labels['org.opencontainers.image.base.digest'], /^sha256:/);
  const mounted = (await ran('podman', [...own, 'image', 'mount', id], context)).trim();
  ok(readdirSync(join(mounted, 'usr/bin')).includes('bash'), 'podman');
  ok(!existsSync(join(mounted, removed)), 'podman');
  await ran('podman', [...own, 'image', 'unmount', id], context);
}
