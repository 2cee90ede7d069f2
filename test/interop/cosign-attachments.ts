/** Tags with a prefix, and the SBOM under an image's SBOM tag as what is signed: by cosign 3, cosign 2 and us. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import type { TestRegistry } from '../support/registries.ts';
import { NO_SIGNATURE, SIGN_FLAGS, verifyArguments } from '../support/signing.ts';

const programs = ['cosign', 'cosign2', 'pratique'] as const;
type Program = (typeof programs)[number];
const prefix = ['--attachment-tag-prefix', 'team-a.'];
const other = ['--attachment-tag-prefix', 'team-b.'];
const http = '--allow-http-registry';

/** In tags: cosign 2 has no signing configurations. */
function signFlags(program: Program, key: KeyPair): string[] {
  const flags = SIGN_FLAGS.filter(
    (flag) => program !== 'cosign2' || !flag.startsWith('--use-signing-config'),
  );
  return ['--key', key.privateKey, ...flags, '--new-bundle-format=false'];
}

function onRegistry(context: Context, registry: TestRegistry, key: KeyPair, stranger: KeyPair): Scenario[] {
  const verify = (of: KeyPair, reference: string, ...more: string[]) =>
    verifyArguments(of, reference, '--new-bundle-format=false', ...more);
  const sbom = (name: string) => {
    const file = join(context.scratch(), 'sbom.json');
    writeFileSync(file, JSON.stringify({ spdxVersion: 'SPDX-2.3', name }));
    return file;
  };
  return programs.flatMap((signer) => [
    {
      name: `${registry.name}: ${signer} signs and attests under tags with a prefix, all three find it there and only there`,
      run: async () => {
        const image = await context.image(registry);
        const env = { COSIGN_REPOSITORY: `${registry.host}/${context.unique('signatures')}` };
        for (const options of [{}, { env }]) {
          const flags = [...signFlags(signer, key), ...prefix];
          await context.ok(signer, ['sign', ...flags, image.pinned], options);
          const what = ['--predicate', sbom('attested'), '--type', 'custom'];
          await context.ok(signer, ['attest', ...flags, ...what, image.pinned], options);
          await context.ok(
            signer,
            ['attach', 'sbom', http, ...prefix, '--sbom', sbom('a'), image.pinned],
            options,
          );
          const theirs = await context.ok('cosign', verify(key, image.pinned, ...prefix), options);
          for (const verifier of programs) {
            const args = verify(key, image.pinned, ...prefix);
            deepEqual(JSON.parse(await context.ok(verifier, args, options)), JSON.parse(theirs));
            await context.exits(NO_SIGNATURE, verifier, verify(key, image.pinned), options);
            await context.exits(NO_SIGNATURE, verifier, verify(key, image.pinned, ...other), options);
            const [, ...more] = args;
            await context.ok(verifier, ['verify-attestation', '--type', 'custom', ...more], options);
            equal(
              await context.ok(verifier, ['triangulate', http, ...prefix, image.pinned], options),
              await context.ok('cosign', ['triangulate', http, ...prefix, image.pinned], options),
            );
            const download = ['download', 'sbom', http, ...prefix, image.pinned];
            equal((await context.ok(verifier, download, options)).includes('SPDX-2.3'), true);
          }
          // cosign prints the tags in whatever order it has them in.
          const lines = async (program: Program, ...more: string[]) =>
            (await context.ok(program, ['tree', http, ...prefix, ...more, image.pinned], options))
              .split('\n')
              .sort();
          deepEqual(await lines('pratique', '-o', 'cosign'), await lines('cosign'));
        }
      },
    },
    {
      name: `${registry.name}: the SBOM of an image that ${signer} signs is verified by all three, and is not the image`,
      run: async () => {
        const image = await context.image(registry);
        const attach = (name: string) =>
          context.ok(signer, ['attach', 'sbom', http, '--sbom', sbom(name), image.pinned]);
        await attach('first');
        const attachment = ['--attachment', 'sbom'];
        const flags = [...signFlags(signer, key), ...attachment];
        await context.ok(signer, ['sign', ...flags, image.pinned]);
        const theirs = await context.ok('cosign', verify(key, image.pinned, ...attachment));
        for (const verifier of programs) {
          const args = verify(key, image.pinned, ...attachment);
          deepEqual(JSON.parse(await context.ok(verifier, args)), JSON.parse(theirs));
          await context.exits(NO_SIGNATURE, verifier, verify(key, image.pinned));
          notEqual((await context.run(verifier, verify(stranger, image.pinned, ...attachment))).code, 0);
        }
        await attach('second');
        for (const verifier of programs)
          await context.exits(NO_SIGNATURE, verifier, verify(key, image.pinned, ...attachment));
        const bare = await context.image(registry);
        for (const program of programs) {
          notEqual((await context.run(program, ['sign', ...flags, bare.pinned])).code, 0);
          notEqual((await context.run(program, verify(key, bare.pinned, ...attachment))).code, 0);
        }
      },
    },
  ]);
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const stranger = await context.keyPair('cosign');
  return [
    ...context.registries.flatMap((registry) => onRegistry(context, registry, key, stranger)),
    ...context.registries.map((registry) => ({
      name: `${registry.name}: copied, saved and loaded with the prefix by cosign and by us`,
      run: async () => {
        for (const program of ['cosign', 'pratique'] as const) {
          const image = await context.image(registry);
          await context.ok('cosign', ['sign', ...signFlags('cosign', key), ...prefix, image.pinned]);
          const name = (what: string) => `${registry.host}/${context.unique(what)}:v1`;
          const [copied, loaded] = [name('copied'), name('loaded')];
          const found = (reference: string, ...flags: string[]) =>
            Promise.all(
              programs.map((verifier) =>
                context.ok(verifier, verifyArguments(key, reference, '--new-bundle-format=false', ...flags)),
              ),
            );
          await context.ok(program, ['copy', http, ...prefix, image.pinned, copied]);
          await found(copied, ...prefix);
          const directory = join(context.scratch(), 'saved');
          await context.ok(program, ['save', http, ...prefix, '--dir', directory, image.pinned]);
          await context.ok(program, ['load', http, ...other, '--dir', directory, loaded]);
          await found(loaded, ...other);
          const plain = name('plain');
          await context.ok(program, ['load', http, '--dir', directory, plain]);
          await found(plain);
        }
      },
    })),
  ];
}
