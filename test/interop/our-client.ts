/** Our registry client on docker-registry and on our own registry, its work looked at with the foreign tools. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { startDockerRegistry, type TestImage, type TestRegistry } from '../support/registries.ts';
import { repository } from '../support/registry-http.ts';

const SIGN = ['sign', '--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '-y'];
const VERIFY = ['verify', '--insecure-ignore-tlog', '--allow-http-registry'];

async function signedImage(context: Context, registry: TestRegistry, key: KeyPair): Promise<TestImage> {
  const image = await context.image(registry);
  for (const bundle of ['true', 'false']) {
    await context.ok('cosign', [
      ...SIGN,
      '--key',
      key.privateKey,
      `--new-bundle-format=${bundle}`,
      image.pinned,
    ]);
  }
  return image;
}

function copies(context: Context, from: TestRegistry, to: TestRegistry, key: KeyPair): Scenario[] {
  const route = `${from.name} to ${to.name}`;
  return [
    {
      name: `${route}: copy takes image and signatures of both formats along, cosign accepts them there`,
      run: async () => {
        const image = await signedImage(context, from, key);
        const name = context.unique('copied');
        const destination = `${to.host}/${name}:v1`;
        await context.ok('pratique', ['copy', image.tagged, destination]);
        equal((await context.ok('crane', ['digest', '--insecure', destination])).trim(), image.digest);
        await context.ok('crane', ['validate', '--insecure', '--remote', destination]);
        await context.ok('cosign', [...VERIFY, '--key', key.publicKey, destination]);
        await context.ok('pratique', [...VERIFY, '--key', key.publicKey, destination]);
        const target = repository(to.host, name);
        const referrers = await target.referrers(image.digest);
        equal(referrers.length, 1);
        // Filters work on the index entry, so it must say what the manifest says.
        equal(referrers[0]!.artifactType, 'application/vnd.dev.sigstore.bundle.v0.3+json');
        const manifest = await target.getManifest(referrers[0]!.digest);
        deepEqual(referrers[0]!.annotations, manifest.annotations);
        ok(
          (await target.tags()).includes(`${image.digest.replace(':', '-')}.sig`),
          'the tag-based signature',
        );
        const discovered = await context.ok('oras', [
          'discover',
          '--plain-http',
          '--format',
          'json',
          destination,
        ]);
        match(discovered, /vnd\.dev\.sigstore\.bundle/);
      },
    },
    {
      name: `${route}: copy of an index takes every platform along`,
      run: async () => {
        const [one, two] = [await context.image(from), await context.image(from)];
        const index = `${from.host}/${one.repository}:index`;
        await context.ok('crane', [
          'index',
          'append',
          '--insecure',
          '-m',
          one.pinned,
          '-m',
          two.pinned,
          '-t',
          index,
        ]);
        const destination = `${to.host}/${context.unique('copied')}:index`;
        await context.ok('pratique', ['copy', index, destination]);
        await context.ok('crane', ['validate', '--insecure', '--remote', destination]);
        const digest = (reference: string) => context.ok('crane', ['digest', '--insecure', reference]);
        equal(await digest(destination), await digest(index));
      },
    },
  ];
}

function onRegistry(context: Context, registry: TestRegistry, key: KeyPair): Scenario[] {
  const scenario = (name: string, run: () => Promise<void>) => ({ name: `${registry.name}: ${name}`, run });
  return [
    scenario('tree shows what cosign and oras attached', async () => {
      const image = await signedImage(context, registry, key);
      const directory = context.scratch();
      writeFileSync(join(directory, 'sbom.json'), '{}');
      const args = ['--artifact-type', 'application/x.sbom', 'sbom.json:application/json'];
      await context.ok('oras', ['attach', '--plain-http', image.pinned, ...args], { cwd: directory });
      const tree = await context.ok('pratique', ['tree', image.tagged]);
      match(tree, /sigstore\.bundle/);
      match(tree, /application\/x\.sbom/);
      match(tree, /\.sig/);
    }),
    scenario('what cosign attaches after we wrote the referrers stays together with ours', async () => {
      const image = await context.image(registry);
      for (const [signer, value] of [
        ['pratique', 'one'],
        ['cosign', 'two'],
        ['pratique', 'three'],
      ] as const)
        await context.ok(signer, [...SIGN, '--key', key.privateKey, '-a', `n=${value}`, image.pinned]);
      equal((await repository(registry.host, image.repository).referrers(image.digest)).length, 3);
      for (const value of ['one', 'two', 'three'])
        await context.ok('cosign', [...VERIFY, '--key', key.publicKey, '-a', `n=${value}`, image.pinned]);
    }),
    scenario('copy to an OCI layout that skopeo and crane read, and back', async () => {
      const image = await context.image(registry);
      const layout = join(context.scratch(), 'layout');
      await context.ok('pratique', ['copy', '--image-only', image.tagged, `oci:${layout}:v1`]);
      const inspected = await context.ok('skopeo', ['inspect', `oci:${layout}:v1`]);
      equal((JSON.parse(inspected) as { Digest: string }).Digest, image.digest);
      const byCrane = `${registry.host}/${context.unique('copied')}:crane`;
      await context.ok('crane', ['push', '--insecure', layout, byCrane]);
      equal((await context.ok('crane', ['digest', '--insecure', byCrane])).trim(), image.digest);
      const byUs = `${registry.host}/${context.unique('copied')}:pratique`;
      await context.ok('pratique', ['copy', `oci:${layout}:v1`, byUs]);
      equal((await context.ok('crane', ['digest', '--insecure', byUs])).trim(), image.digest);
    }),
    scenario('copy from the archives skopeo writes', async () => {
      const image = await context.image(registry);
      const directory = context.scratch();
      for (const transport of ['docker-archive', 'oci-archive']) {
        const file = join(directory, `${transport}.tar`);
        const skopeo = ['--insecure-policy', 'copy', '--src-tls-verify=false'];
        await context.ok('skopeo', [
          ...skopeo,
          `docker://${image.tagged}`,
          `${transport}:${file}:team/app:v1`,
        ]);
        const destination = `${registry.host}/${context.unique('copied')}:v1`;
        await context.ok('pratique', ['copy', `${transport}:${file}`, destination]);
        // skopeo reads every blob and checks it; crane cannot validate layers that are not compressed.
        await context.ok('skopeo', [
          ...skopeo,
          `docker://${destination}`,
          `dir:${join(directory, `${transport}.dir`)}`,
        ]);
        const config = (reference: string) => context.ok('crane', ['config', '--insecure', reference]);
        const rootfs = (text: string) => (JSON.parse(text) as { rootfs: unknown }).rootfs;
        deepEqual(rootfs(await config(destination)), rootfs(await config(image.tagged)));
      }
    }),
    scenario('triangulate prints the tag cosign wrote', async () => {
      const image = await signedImage(context, registry, key);
      const printed = (await context.ok('pratique', ['triangulate', image.tagged])).trim();
      equal(printed, `${registry.host}/${image.repository}:${image.digest.replace(':', '-')}.sig`);
      await context.ok('crane', ['manifest', '--insecure', printed]);
    }),
  ];
}

/** bcrypt of `secret`, as docker-registry's htpasswd wants it. */
const HTPASSWD = 'somebody:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

function withPassword(context: Context, key: KeyPair): Scenario {
  return {
    name: 'docker-registry with a password: sign and verify with flags and with the Docker configuration',
    run: async () => {
      const directory = context.scratch();
      writeFileSync(join(directory, 'htpasswd'), HTPASSWD);
      const registry = await startDockerRegistry(context.tools['docker-registry'], directory, {
        auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } },
      });
      try {
        const configuration = context.scratch();
        const auth = Buffer.from('somebody:secret').toString('base64');
        writeFileSync(
          join(configuration, 'config.json'),
          JSON.stringify({ auths: { [registry.host]: { auth } } }),
        );
        const env = { DOCKER_CONFIG: configuration };
        const source = await context.image(context.ours);
        const reference = `${registry.host}/private/app:v1`;
        await context.ok('pratique', ['copy', source.tagged, reference], { env });
        const pinned = `${registry.host}/private/app@${source.digest}`;
        const user = ['--registry-username', 'somebody', '--registry-password', 'secret'];
        await context.ok('pratique', [...SIGN, ...user, '--key', key.privateKey, pinned]);
        const verify = [...VERIFY, '--key', key.publicKey];
        await context.ok('cosign', [...verify, pinned], { env });
        await context.ok('pratique', [...verify, pinned], { env });
        await context.ok('pratique', [...verify, ...user, pinned]);
        const authFile = { REGISTRY_AUTH_FILE: join(configuration, 'config.json') };
        await context.ok('pratique', [...verify, pinned], { env: authFile });
        // Neither no password nor a wrong one may look like an unsigned image.
        await context.exits(4, 'pratique', [...verify, pinned]);
        const wrong = ['--registry-username', 'somebody', '--registry-password', 'wrong'];
        const refused = await context.exits(4, 'pratique', [...verify, ...wrong, pinned]);
        ok(!`${refused.stdout}${refused.stderr}`.includes('wrong:'), 'the password is in the message');
      } finally {
        await registry.stop();
      }
    },
  };
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const { ours, theirs } = context;
  return [
    ...copies(context, ours, theirs, key),
    ...copies(context, theirs, ours, key),
    ...context.registries.flatMap((registry) => onRegistry(context, registry, key)),
    withPassword(context, key),
  ];
}
