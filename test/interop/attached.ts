/** What is attached to images: read, attached, saved, loaded, copied and removed by one and looked at by the other. */
import { deepEqual, notEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Program, Scenario } from '../support/context.ts';
import type { TestImage, TestRegistry } from '../support/registries.ts';

const programs = ['cosign', 'pratique'] as const;
const http = '--allow-http-registry';
/** cosign exits 10 where there is no signature; so do we. */
const UNSIGNED = 10;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const pair = await context.keyPair('cosign');
  const predicate = join(context.scratch(), 'predicate.json');
  writeFileSync(predicate, '{"spdxVersion":"SPDX-2.3"}');

  const verifyArguments = (name: string) => [
    'verify',
    http,
    '--key',
    pair.publicKey,
    '--insecure-ignore-tlog',
    name,
  ];
  const both = async (name: string) => {
    for (const program of programs) await context.ok(program, verifyArguments(name));
  };
  const attested = async (name: string) => {
    for (const program of programs) {
      const flags = ['--key', pair.publicKey, '--insecure-ignore-tlog', '--type', 'custom'];
      await context.ok(program, ['verify-attestation', http, ...flags, name]);
    }
  };
  const unsigned = (name: string) =>
    Promise.all(programs.map((program) => context.exits(UNSIGNED, program, verifyArguments(name))));
  /** Signed and attested by cosign, in either of its formats. */
  const signed = async (registry: TestRegistry, bundle: boolean): Promise<TestImage> => {
    const image = await context.image(registry);
    const format = bundle ? [] : ['--new-bundle-format=false'];
    const flags = [
      http,
      '--yes',
      '--key',
      pair.privateKey,
      '--tlog-upload=false',
      '--use-signing-config=false',
    ];
    await context.ok('cosign', ['sign', ...flags, ...format, image.pinned]);
    const type = ['--predicate', predicate, '--type', 'custom'];
    await context.ok('cosign', ['attest', ...flags, ...format, ...type, image.pinned]);
    return image;
  };
  const documents = async (program: Program, ...args: string[]) =>
    (await context.ok(program, args))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

  const of = (registry: TestRegistry, bundle: boolean): Scenario[] => {
    const name = (what: string) => `${registry.name}, ${bundle ? 'bundles' : 'tags'}: ${what}`;
    return [
      {
        name: name('download prints the same'),
        run: async () => {
          const image = await signed(registry, bundle);
          const attestations = ['download', 'attestation', http, '--predicate-type', 'custom', image.pinned];
          deepEqual(await documents('pratique', ...attestations), await documents('cosign', ...attestations));
          const signatures = ['download', 'signature', http, image.pinned];
          const theirs = await documents('cosign', ...signatures);
          const ours = await documents('pratique', ...signatures);
          // cosign takes every bundle for a signature, so that the attestation is among them.
          if (bundle) deepEqual(theirs.length, ours.length + 1);
          else deepEqual(ours, theirs);
          for (const one of ours) deepEqual(theirs.filter((other) => isSame(other, one)).length, 1);
        },
      },
      ...programs.flatMap((saver) =>
        programs
          .filter((loader) => loader === 'pratique' || !bundle)
          .map((loader) => ({
            name: name(`saved by ${saver}, loaded by ${loader}, verified by both`),
            run: async () => {
              const image = await signed(registry, bundle);
              const directory = join(context.scratch(), 'saved');
              const target = `${registry.host}/${context.unique('loaded')}:v1`;
              await context.ok(saver, ['save', http, '--dir', directory, image.pinned]);
              // cosign pushes the manifest of a bundle before the bundle, which registries refuse (cosign#4507).
              if (bundle) {
                const elsewhere = target.replace(':v1', '-cosign:v1');
                notEqual(
                  (await context.run('cosign', ['load', http, '--dir', directory, elsewhere])).code,
                  0,
                );
              }
              await context.ok(loader, ['load', http, '--dir', directory, target]);
              await both(target);
              await attested(target);
            },
          })),
      ),
      {
        name: name('copied by us with everything, then only what is attached'),
        run: async () => {
          const image = await signed(registry, bundle);
          const target = `${registry.host}/${context.unique('copied')}:v1`;
          await context.ok('pratique', ['copy', http, '--image-only', image.pinned, target]);
          await unsigned(target);
          await context.ok('pratique', ['copy', http, '--only=sig,att', image.pinned, target]);
          await both(target);
          await attested(target);
        },
      },
      {
        name: name('clean removes signatures, and keeps attestations'),
        run: async () => {
          const image = await signed(registry, bundle);
          await context.ok('pratique', ['clean', http, '-f', '--type', 'signature', image.pinned]);
          await context.exits(UNSIGNED, 'pratique', verifyArguments(image.pinned));
          // cosign takes the attestation that is left in a bundle for a signature.
          if (!bundle) await context.exits(UNSIGNED, 'cosign', verifyArguments(image.pinned));
          await attested(image.pinned);
          await context.ok('pratique', ['clean', http, '-f', image.pinned]);
          await unsigned(image.pinned);
        },
      },
      {
        name: name('an attestation downloaded by one is attached by the other'),
        run: async () => {
          for (const program of programs) {
            const image = await signed(registry, bundle);
            const other = program === 'cosign' ? 'pratique' : 'cosign';
            const file = join(context.scratch(), 'attestation.json');
            const download = ['download', 'attestation', http, '--predicate-type', 'custom', image.pinned];
            writeFileSync(file, await context.ok(program, download));
            await context.ok('pratique', ['clean', http, '-f', image.pinned]);
            await context.ok(other, ['attach', 'attestation', http, '--attestation', file, image.pinned]);
            await attested(image.pinned);
          }
        },
      },
    ];
  };

  const attached = (registry: TestRegistry): Scenario[] => [
    {
      name: `${registry.name}: an SBOM attached by one is downloaded by the other`,
      run: async () => {
        const file = join(context.scratch(), 'sbom.spdx.json');
        writeFileSync(file, '{"spdxVersion":"SPDX-2.3"}\n');
        for (const program of programs) {
          const image = await context.image(registry);
          const other = program === 'cosign' ? 'pratique' : 'cosign';
          await context.ok(program, ['attach', 'sbom', http, '--sbom', file, image.pinned]);
          deepEqual(
            await context.ok(other, ['download', 'sbom', http, image.pinned]),
            '{"spdxVersion":"SPDX-2.3"}\n',
          );
          notEqual(
            (await context.run(other, ['download', 'sbom', http, (await context.image(registry)).pinned]))
              .code,
            0,
          );
        }
      },
    },
    {
      name: `${registry.name}: a signature made apart is attached by either and verified by both`,
      run: async () => {
        for (const program of programs) {
          const image = await context.image(registry);
          const directory = context.scratch();
          const [payload, signature] = ['payload', 'signature'].map((file) => join(directory, file)) as [
            string,
            string,
          ];
          const reference = `${image.registry.host}/${image.repository}`;
          writeFileSync(
            payload,
            `{"critical":{"identity":{"docker-reference":"${reference}"},"image":{"docker-manifest-digest":"${image.digest}"},"type":"cosign container image signature"},"optional":null}`,
          );
          const sign = [
            'sign-blob',
            '--yes',
            '--key',
            pair.privateKey,
            '--tlog-upload=false',
            '--use-signing-config=false',
          ];
          const old = ['--new-bundle-format=false', '--output-signature', signature, payload];
          await context.ok('cosign', [...sign, ...old]);
          const parts = ['--payload', payload, '--signature', signature];
          await context.ok(program, ['attach', 'signature', http, ...parts, image.pinned]);
          await both(image.pinned);
          const another = await context.image(registry);
          notEqual(
            (await context.run('pratique', ['attach', 'signature', http, ...parts, another.pinned])).code,
            0,
          );
        }
      },
    },
  ];
  const policies: Scenario = {
    name: 'a Rego policy allows and denies an attestation as with cosign',
    run: async () => {
      const image = await signed(context.ours, true);
      const verify = async (program: Program, rego: string) => {
        const policy = join(context.scratch(), 'policy.rego');
        writeFileSync(policy, `package signature\n${rego}\n`);
        const flags = [
          '--key',
          pair.publicKey,
          '--insecure-ignore-tlog',
          '--type',
          'custom',
          '--policy',
          policy,
        ];
        return (await context.run(program, ['verify-attestation', http, ...flags, image.pinned])).code === 0;
      };
      const cases = {
        'allow { contains(input.predicate.Data, "SPDX-2.3") }': true,
        'allow { contains(input.predicate.Data, "SPDX-2.2") }': false,
        'allow = input.predicateType': false,
        'deny = true': false,
        'allow {': false,
      };
      for (const [rego, allowed] of Object.entries(cases)) {
        for (const program of programs)
          deepEqual([program, rego, await verify(program, rego)], [program, rego, allowed]);
      }
    },
  };
  return context.registries.flatMap((registry) => [
    ...of(registry, true),
    ...of(registry, false),
    ...attached(registry),
    ...(registry === context.ours ? [policies] : []),
  ]);
}

function isSame(theirs: Record<string, unknown>, ours: Record<string, unknown>): boolean {
  try {
    deepEqual(ours, theirs);
    return true;
  } catch {
    return false;
  }
}
