/** Keyless signatures of the virtual Sigstore: cosign and pratique accept and refuse the same ones, offline. */
import { deepEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRepository, parseReference, type RegistryRepository } from '../../packages/oci/src/index.ts';
import { signPredicateType } from '../../packages/sigstore/src/index.ts';
import {
  issuer,
  signMessage,
  signStatement,
  subject,
  trustedRootJson,
} from '../../packages/sigstore/src/testing/virtual-sigstore.ts';
import type { Context, Scenario } from '../support/context.ts';
import { attach, statement, tagSignature } from '../support/keyless.ts';
import type { TestRegistry } from '../support/registries.ts';

const artifact = new TextEncoder().encode('release 1.0\n');
const digest = createHash('sha256').update(artifact).digest('hex');
const both = ['cosign', 'pratique'] as const;

/** The flags both know, for an identity. */
function asking(directory: string, identity: string, by = issuer): readonly string[] {
  const root = join(directory, 'root.json');
  writeFileSync(root, JSON.stringify(trustedRootJson()));
  return ['--trusted-root', root, '--certificate-identity', identity, '--certificate-oidc-issuer', by];
}

function files(context: Context): Scenario[] {
  return ([1, 2] as const).map((rekor) => ({
    name: `a file signed into Rekor v${rekor}: both accept it, and nothing else`,
    run: async () => {
      const directory = context.scratch();
      const [bundle, file, other] = ['bundle.json', 'file', 'other'].map((name) => join(directory, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(bundle, JSON.stringify(signMessage(artifact, { rekor })));
      writeFileSync(file, artifact);
      writeFileSync(other, 'release 2.0\n');
      const flags = ['verify-blob', '--bundle', bundle];
      for (const program of both) {
        await context.ok(program, [...flags, ...asking(directory, subject), file]);
        await context.ok(program, [...flags, ...asking(directory, subject), `sha256:${digest}`]);
        for (const refused of [
          [...flags, ...asking(directory, subject), other],
          [...flags, ...asking(directory, 'eve@example.test'), file],
          [...flags, ...asking(directory, subject, 'https://evil.test'), file],
        ]) {
          const { code } = await context.run(program, refused);
          if (code === 0) throw new Error(`${program} accepted ${refused.join(' ')}`);
        }
      }
    },
  }));
}

const forms: Readonly<
  Record<
    string,
    (repository: RegistryRepository, of: Awaited<ReturnType<RegistryRepository['resolve']>>) => Promise<void>
  >
> = {
  'a bundle in Rekor v1': (repository, of) =>
    attach(repository, of, signStatement(statement(of, signPredicateType))),
  'a bundle in Rekor v2': (repository, of) =>
    attach(repository, of, signStatement(statement(of, signPredicateType), { rekor: 2 })),
  'a signature tag': tagSignature,
};

function images(context: Context, registry: TestRegistry): Scenario[] {
  return Object.entries(forms).map(([form, sign]) => ({
    name: `${registry.name}, ${form}: both accept the identity and print the same, and refuse another`,
    run: async () => {
      const image = await context.image(registry);
      const repository = openRepository(parseReference(image.pinned));
      await sign(repository, await repository.resolve(image.digest));
      const directory = context.scratch();
      const verify = (identity: string) => [
        'verify',
        '--allow-http-registry',
        '-o',
        'json',
        ...asking(directory, identity),
        image.pinned,
      ];
      const [theirs, ours] = await Promise.all(
        both.map(async (program) => JSON.parse(await context.ok(program, verify(subject))) as unknown),
      );
      deepEqual(ours, theirs);
      for (const program of both) {
        const { code } = await context.run(program, verify('eve@example.test'));
        if (code === 0) throw new Error(`${program} accepted another identity`);
      }
    },
  }));
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [...files(context), ...context.registries.flatMap((registry) => images(context, registry))];
}
