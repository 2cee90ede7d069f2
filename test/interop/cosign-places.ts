/** The other places cosign puts signatures in, and what is attached to an image without being a signature of it. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import type { Format } from '../support/forge.ts';
import type { TestRegistry } from '../support/registries.ts';
import { NO_SIGNATURE, SIGN_FLAGS, sign, verifyArguments } from '../support/signing.ts';

function scenariosOn(context: Context, registry: TestRegistry, key: KeyPair): Scenario[] {
  const all: Scenario[] = [];
  for (const format of ['bundle', 'legacy'] satisfies Format[]) {
    for (const signer of ['cosign', 'pratique'] as const) {
      all.push({
        name: `${registry.name}, ${format}: ${signer} signs into COSIGN_REPOSITORY, both find it there and only there`,
        run: async () => {
          const image = await context.image(registry);
          const env = { COSIGN_REPOSITORY: `${registry.host}/${context.unique('signatures')}` };
          await sign(context, signer, format, key, image.pinned, ['-a', 'env=dev'], { env });
          const args = verifyArguments(key, image.pinned);
          const theirs = JSON.parse(await context.ok('cosign', args, { env })) as unknown;
          deepEqual(JSON.parse(await context.ok('pratique', args, { env })), theirs);
          for (const program of ['cosign', 'pratique'] as const)
            await context.exits(NO_SIGNATURE, program, args);
        },
      });
    }
    all.push({
      name: `${registry.name}, ${format}: an attestation by the right key is no signature`,
      run: async () => {
        const image = await context.image(registry);
        const predicate = join(context.scratch(), 'predicate.json');
        writeFileSync(predicate, '{"tested":true}');
        const what = [
          '--predicate',
          predicate,
          '--type',
          'custom',
          `--new-bundle-format=${format === 'bundle'}`,
        ];
        await context.ok('cosign', ['attest', '--key', key.privateKey, ...SIGN_FLAGS, ...what, image.pinned]);
        const args = verifyArguments(key, image.pinned);
        // cosign 3.1.3 takes any bundle about the image for a signature of it. An attestation may say that it failed
        // its tests, so it is none to us.
        await context.exits(format === 'bundle' ? 0 : NO_SIGNATURE, 'cosign', args);
        await context.exits(NO_SIGNATURE, 'pratique', args);
      },
    });
  }
  all.push({
    name: `${registry.name}, legacy: cosign's experimental OCI 1.1 referrer is found`,
    run: async () => {
      const image = await context.image(registry);
      const env = { COSIGN_EXPERIMENTAL: '1' };
      const more = ['-a', 'env=dev', '--registry-referrers-mode', 'oci-1-1'];
      await sign(context, 'cosign', 'legacy', key, image.pinned, more, { env });
      const args = verifyArguments(key, image.pinned, '--experimental-oci11');
      const theirs = JSON.parse(await context.ok('cosign', args, { env })) as unknown;
      deepEqual(JSON.parse(await context.ok('pratique', args)), theirs);
    },
  });
  all.push({
    name: `${registry.name}, legacy: our experimental OCI 1.1 referrer is found by cosign 3 and cosign 2, for this key only`,
    run: async () => {
      const image = await context.image(registry);
      const env = { COSIGN_EXPERIMENTAL: '1' };
      const more = ['-a', 'env=dev', '--registry-referrers-mode', 'oci-1-1'];
      await sign(context, 'pratique', 'legacy', key, image.pinned, more);
      const stranger = await context.keyPair('cosign');
      for (const cosign of ['cosign', 'cosign2'] as const) {
        const args = (of: KeyPair) => verifyArguments(of, image.pinned, '--experimental-oci11');
        const theirs = JSON.parse(await context.ok(cosign, args(key), { env })) as unknown;
        deepEqual(JSON.parse(await context.ok('pratique', args(key))), theirs);
        notEqual((await context.run(cosign, args(stranger), { env })).code, 0);
      }
    },
  });
  for (const [first, second] of [
    ['cosign', 'pratique'],
    ['pratique', 'cosign'],
  ] as const) {
    all.push({
      name: `${registry.name}, legacy: ${first} signs with Docker's media types, which ${second} keeps; both find both`,
      run: async () => {
        const image = await context.image(registry);
        const docker = { env: { COSIGN_DOCKER_MEDIA_TYPES: '1' } };
        const types = async () => {
          const tag = `${image.pinned.replace(/@.*/, '')}:${image.digest.replace(':', '-')}.sig`;
          const manifest = JSON.parse(await context.ok('crane', ['manifest', '--insecure', tag])) as {
            readonly mediaType: string;
            readonly config: { readonly mediaType: string };
            readonly layers: readonly { readonly mediaType: string }[];
          };
          return [manifest.mediaType, manifest.config.mediaType, manifest.layers.length];
        };
        const expected = [
          'application/vnd.docker.distribution.manifest.v2+json',
          'application/vnd.docker.container.image.v1+json',
        ];
        await sign(context, first, 'legacy', key, image.pinned, ['-a', `by=${first}`], docker);
        deepEqual(await types(), [...expected, 1]);
        await sign(context, second, 'legacy', key, image.pinned, ['-a', `by=${second}`]);
        deepEqual(await types(), [...expected, 2]);
        for (const by of [first, second]) {
          const args = [...verifyArguments(key, image.pinned), '-a', `by=${by}`];
          const theirs = JSON.parse(await context.ok('cosign', args)) as unknown;
          deepEqual(JSON.parse(await context.ok('pratique', args)), theirs);
        }
      },
    });
  }
  all.push({
    name: `${registry.name}: an SBOM as referrer, attached by one and downloaded by the other`,
    run: async () => {
      const env = { COSIGN_EXPERIMENTAL: '1' };
      for (const attacher of ['cosign', 'cosign2', 'pratique'] as const) {
        const image = await context.image(registry);
        const file = join(context.scratch(), 'sbom.json');
        writeFileSync(file, JSON.stringify({ spdxVersion: 'SPDX-2.3', attacher }));
        const mode = ['--allow-http-registry', '--registry-referrers-mode', 'oci-1-1'];
        await context.ok(attacher, ['attach', 'sbom', ...mode, '--sbom', file, image.pinned], { env });
        const download = ['download', 'sbom', '--allow-http-registry', image.pinned];
        const theirs = await context.ok('cosign', download, { env });
        equal(theirs.trim(), JSON.stringify({ spdxVersion: 'SPDX-2.3', attacher }));
        equal((await context.ok('pratique', download)).trim(), theirs.trim());
      }
    },
  });
  return all;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  return context.registries.flatMap((registry) => scenariosOn(context, registry, key));
}
