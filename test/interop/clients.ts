/** crane, oras and skopeo as clients of our registry, with docker-registry beside it as the control. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import type { TestRegistry } from '../support/registries.ts';
import { repository } from '../support/registry-http.ts';

type Named = readonly [name: string, run: () => Promise<void>];

/** The lines of a listing, sorted. */
function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
}

function crane(context: Context, registry: TestRegistry): Named[] {
  const run = async (...args: string[]) => (await context.ok('crane', [...args, '--insecure'])).trim();
  return [
    [
      'crane pushes, names the digest, pulls and finds every blob in order',
      async () => {
        const image = await context.image(registry);
        equal(await run('digest', image.tagged), image.digest);
        await run('validate', '--remote', image.tagged);
        const tarball = `${context.scratch()}.tar`;
        await run('pull', image.tagged, tarball);
        const copy = `${registry.host}/${context.unique('crane')}:from-tarball`;
        await run('push', tarball, copy);
        await run('validate', '--remote', copy);
        equal(await run('config', copy), await run('config', image.tagged));
      },
    ],
    [
      'crane pushes an OCI layout and gets the same digest back',
      async () => {
        const image = await context.image(registry);
        const layout = context.scratch();
        await run('pull', '--format=oci', image.tagged, layout);
        const copy = `${registry.host}/${context.unique('crane')}:from-layout`;
        await run('push', layout, copy);
        equal(await run('digest', copy), image.digest);
      },
    ],
    [
      'crane lists tags and repositories',
      async () => {
        const image = await context.image(registry);
        await run('tag', image.tagged, 'v2');
        await run('tag', image.tagged, 'latest');
        deepEqual(lines(await run('ls', `${registry.host}/${image.repository}`)), ['latest', 'v1', 'v2']);
        ok(lines(await run('catalog', registry.host)).includes(image.repository), 'missing in the catalogue');
      },
    ],
    [
      'crane copies between repositories (mounting blobs) and between registries',
      async () => {
        const image = await context.image(registry);
        const other = registry === context.ours ? context.theirs : context.ours;
        for (const host of [registry.host, other.host]) {
          const copy = `${host}/${context.unique('crane')}:copied`;
          await run('copy', image.pinned, copy);
          equal(await run('digest', copy), image.digest);
          await run('validate', '--remote', copy);
        }
      },
    ],
    [
      'crane pushes an index and picks a platform from it',
      async () => {
        const [one, two] = [await context.image(registry), await context.image(registry)];
        const index = `${registry.host}/${one.repository}:index`;
        await run('index', 'append', '-m', one.pinned, '-m', two.pinned, '-t', index);
        const manifest = JSON.parse(await run('manifest', index)) as { manifests: { digest: string }[] };
        deepEqual(
          manifest.manifests.map(({ digest }) => digest),
          [one.digest, two.digest],
        );
        await run('validate', '--remote', index);
      },
    ],
    [
      'crane deletes a manifest, and it is gone',
      async () => {
        const image = await context.image(registry);
        await run('delete', image.pinned);
        const gone = await context.run('crane', ['manifest', '--insecure', image.pinned]);
        ok(gone.code !== 0 && /MANIFEST_UNKNOWN/.test(gone.stderr), gone.stderr);
      },
    ],
  ];
}

function oras(context: Context, registry: TestRegistry): Named[] {
  const run = (cwd: string, ...args: string[]) => context.ok('oras', [...args, '--plain-http'], { cwd });
  const file = (size = 1000) => {
    const directory = context.scratch();
    const content = randomBytes(size);
    writeFileSync(join(directory, 'artifact.bin'), content);
    return { directory, content };
  };
  return [
    [
      'oras pushes a file and pulls the same bytes',
      async () => {
        const { directory, content } = file(3_000_000);
        const reference = `${registry.host}/${context.unique('oras')}:v1`;
        await run(
          directory,
          'push',
          reference,
          '--artifact-type',
          'application/x.test',
          'artifact.bin:application/x.bytes',
        );
        const target = context.scratch();
        await run(target, 'pull', reference);
        deepEqual(readFileSync(join(target, 'artifact.bin')), content);
      },
    ],
    [
      'oras attaches, discovers by type and copies with referrers',
      async () => {
        const { directory } = file();
        const image = await context.image(registry);
        for (const type of ['application/x.sbom', 'application/x.scan']) {
          const args = ['--artifact-type', type, 'artifact.bin:application/x.bytes'];
          await run(directory, 'attach', image.tagged, ...args, '--annotation', `about=${type}`);
        }
        const discovered = await run(directory, 'discover', '--format', 'json', image.tagged);
        match(discovered, /application\/x\.sbom/);
        match(discovered, /application\/x\.scan/);
        const filter = ['--artifact-type', 'application/x.sbom'];
        const filtered = await run(directory, 'discover', '--format', 'json', ...filter, image.tagged);
        ok(/application\/x\.sbom/.test(filtered) && !/application\/x\.scan/.test(filtered), filtered);
        const other = registry === context.ours ? context.theirs : context.ours;
        const name = context.unique('oras');
        const args = ['--from-plain-http', '--to-plain-http', image.tagged, `${other.host}/${name}:v1`];
        await context.ok('oras', ['cp', '-r', ...args]);
        const referrers = await repository(other.host, name).referrers(image.digest);
        deepEqual(
          referrers.map(({ artifactType, annotations }) => [artifactType, annotations?.about]).sort(),
          ['application/x.sbom', 'application/x.scan'].map((type) => [type, type]),
        );
      },
    ],
    [
      'oras lists tags and repositories, tags and deletes',
      async () => {
        const { directory } = file();
        const name = context.unique('oras');
        await run(directory, 'push', `${registry.host}/${name}:one`, 'artifact.bin:application/x.bytes');
        await run(directory, 'tag', `${registry.host}/${name}:one`, 'two', 'three');
        deepEqual(lines(await run(directory, 'repo', 'tags', `${registry.host}/${name}`)), [
          'one',
          'three',
          'two',
        ]);
        ok(lines(await run(directory, 'repo', 'ls', registry.host)).includes(name), 'missing in the listing');
        const fetched = await run(directory, 'manifest', 'fetch', `${registry.host}/${name}:one`);
        const { layers } = JSON.parse(fetched) as { layers: { digest: string }[] };
        await run(
          directory,
          'blob',
          'fetch',
          '--output',
          'fetched',
          `${registry.host}/${name}@${layers[0]!.digest}`,
        );
        deepEqual(readFileSync(join(directory, 'fetched')), readFileSync(join(directory, 'artifact.bin')));
        await run(directory, 'manifest', 'delete', '--force', `${registry.host}/${name}:one`);
        const gone = await context.run('oras', [
          'manifest',
          'fetch',
          '--plain-http',
          `${registry.host}/${name}:one`,
        ]);
        ok(gone.code !== 0 && /not found/.test(gone.stderr), gone.stderr);
      },
    ],
  ];
}

function skopeo(context: Context, registry: TestRegistry): Named[] {
  const run = (...args: string[]) => context.ok('skopeo', ['--insecure-policy', ...args]);
  return [
    [
      'skopeo copies to a layout, an archive and back with the same digest',
      async () => {
        const image = await context.image(registry);
        const directory = context.scratch();
        for (const [name, place] of [
          ['layout', `oci:${join(directory, 'layout')}:v1`],
          ['oci-archive', `oci-archive:${join(directory, 'oci.tar')}:v1`],
          ['dir', `dir:${join(directory, 'dir')}`],
        ] as const) {
          const copy = `${registry.host}/${context.unique('skopeo')}:${name}`;
          await run(
            'copy',
            '--preserve-digests',
            '--src-tls-verify=false',
            `docker://${image.tagged}`,
            place,
          );
          await run('copy', '--preserve-digests', '--dest-tls-verify=false', place, `docker://${copy}`);
          const inspected = JSON.parse(await run('inspect', '--tls-verify=false', `docker://${copy}`)) as {
            Digest: string;
          };
          equal(inspected.Digest, image.digest);
        }
      },
    ],
    [
      'skopeo copies as a Docker schema 2 image and as OCI',
      async () => {
        const image = await context.image(registry);
        for (const [format, mediaType] of [
          ['v2s2', 'application/vnd.docker.distribution.manifest.v2+json'],
          ['oci', 'application/vnd.oci.image.manifest.v1+json'],
        ] as const) {
          const copy = `${registry.host}/${context.unique('skopeo')}:${format}`;
          const flags = ['--format', format, '--src-tls-verify=false', '--dest-tls-verify=false'];
          await run('copy', ...flags, `docker://${image.tagged}`, `docker://${copy}`);
          const raw = await run('inspect', '--raw', '--tls-verify=false', `docker://${copy}`);
          equal((JSON.parse(raw) as { mediaType: string }).mediaType, mediaType);
        }
      },
    ],
    [
      'skopeo lists tags, inspects and deletes',
      async () => {
        const image = await context.image(registry);
        const name = `docker://${registry.host}/${image.repository}`;
        const tags = JSON.parse(await run('list-tags', '--tls-verify=false', name)) as { Tags: string[] };
        deepEqual(tags.Tags, ['v1']);
        const inspected = await run('inspect', '--config', '--tls-verify=false', `${name}:v1`);
        ok('rootfs' in (JSON.parse(inspected) as object));
        await run('delete', '--tls-verify=false', `${name}:v1`);
        const gone = await context.run('skopeo', ['inspect', '--tls-verify=false', `${name}:v1`]);
        ok(gone.code !== 0 && /unknown|not found/i.test(gone.stderr), gone.stderr);
      },
    ],
  ];
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return context.registries.flatMap((registry) =>
    [...crane(context, registry), ...oras(context, registry), ...skopeo(context, registry)].map(
      ([name, run]) => ({
        name: `${registry.name}: ${name}`,
        run,
      }),
    ),
  );
}
