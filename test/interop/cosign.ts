/**
 * Images signed by cosign and by us, verified by both: on two registries, in two formats, accepted and refused.
 *
 * Exit codes: cosign's table (10 no signature, 11 no such tag, 12 none matches) covers its tag-based format only; for
 * a bundle that does not match it exits 1, its code for anything at all. Ours is 12 in both formats, because 1 means
 * that no answer was found, and a refusal is an answer.
 */
import { deepEqual, notEqual } from 'node:assert/strict';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { corruptBlob, type Format, forgePayload, forgeSignature, replaySignature } from '../support/forge.ts';
import type { TestImage, TestRegistry } from '../support/registries.ts';
import {
  FAULT,
  NO_SIGNATURE,
  NO_SUCH_TAG,
  NONE_MATCHES,
  type Signer,
  sign,
  verifyArguments,
} from '../support/signing.ts';

/** Both must accept, and print the same JSON. */
async function bothAccept(
  context: Context,
  key: KeyPair,
  reference: string,
  ...more: string[]
): Promise<void> {
  const args = verifyArguments(key, reference, ...more);
  const theirs = JSON.parse(await context.ok('cosign', args)) as unknown;
  const ours = JSON.parse(await context.ok('pratique', args)) as unknown;
  deepEqual(ours, theirs, 'the JSON of pratique verify and cosign verify');
}

/** Both must refuse: pratique with `code`, cosign with its own for the format. */
async function bothRefuse(
  context: Context,
  code: number,
  cosignCode: number,
  key: KeyPair,
  reference: string,
  ...more: string[]
): Promise<void> {
  const args = verifyArguments(key, reference, ...more);
  await context.exits(cosignCode, 'cosign', args);
  await context.exits(code, 'pratique', args);
}

function matrix(
  context: Context,
  registry: TestRegistry,
  format: Format,
  signer: Signer,
  keys: Keys,
): Scenario[] {
  const { key, other } = keys;
  const cosignRefuses = format === 'legacy' ? NONE_MATCHES : FAULT;
  const signed = async (...more: string[]): Promise<TestImage> => {
    const image = await context.image(registry);
    await sign(context, signer, format, key, image.pinned, ['-a', 'env=dev', ...more]);
    return image;
  };
  const scenario = (name: string, run: () => Promise<void>): Scenario => ({
    name: `${registry.name}, ${format}, signed by ${signer}: ${name}`,
    run,
  });
  return [
    scenario('accepted by both with the same JSON', async () => {
      const image = await signed('-a', 'build=42');
      await bothAccept(context, key, image.pinned);
      await bothAccept(context, key, image.tagged);
      await bothAccept(context, key, image.pinned, '-a', 'env=dev', '-a', 'build=42');
    }),
    scenario('two signatures, each found by its key', async () => {
      const image = await signed();
      await sign(context, signer, format, other, image.pinned, ['-a', 'env=prod']);
      await bothAccept(context, key, image.pinned);
      await bothAccept(context, other, image.pinned, '-a', 'env=prod');
    }),
    scenario('a second signature by the other program, both found', async () => {
      const image = await signed();
      const second = signer === 'cosign' ? 'pratique' : 'cosign';
      await sign(context, second, format, key, image.pinned, ['-a', 'env=prod']);
      await bothAccept(context, key, image.pinned, '-a', 'env=dev');
      await bothAccept(context, key, image.pinned, '-a', 'env=prod');
    }),
    scenario('an index signed recursively, with the image in it', async () => {
      const image = await context.image(registry);
      const index = `${registry.host}/${image.repository}:index`;
      await context.ok('crane', ['index', 'append', '--insecure', '-m', image.pinned, '-t', index]);
      const digest = (await context.ok('crane', ['digest', '--insecure', index])).trim();
      const pinned = `${registry.host}/${image.repository}@${digest}`;
      await sign(context, signer, format, key, pinned, ['-r']);
      await bothAccept(context, key, pinned);
      await bothAccept(context, key, image.pinned);
    }),
    scenario('refused with another key', async () => {
      const image = await signed();
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, other, image.pinned);
    }),
    scenario('refused with another annotation', async () => {
      const image = await signed();
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, key, image.pinned, '-a', 'env=prod');
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, key, image.pinned, '-a', 'owner=me');
    }),
    scenario('refused with the signature changed', async () => {
      const image = await signed();
      await forgeSignature(image, format);
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, key, image.pinned);
    }),
    scenario('refused with the signed text changed', async () => {
      const image = await signed();
      await forgePayload(image, format);
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, key, image.pinned);
    }),
    scenario("refused with another image's signature", async () => {
      const from = await signed();
      const to = await context.image(registry);
      await replaySignature(from, to, format);
      await bothRefuse(context, NONE_MATCHES, cosignRefuses, key, to.pinned);
    }),
    scenario('refused when the tag moved to unsigned content', async () => {
      const image = await signed();
      const moved = await context.image(registry);
      await context.ok('crane', ['copy', '--insecure', moved.pinned, image.tagged]);
      await bothRefuse(context, NO_SIGNATURE, NO_SIGNATURE, key, image.tagged);
    }),
    scenario('refused with the blob changed on the disk of the registry', async () => {
      const image = await signed();
      await corruptBlob(image, format);
      // cosign calls this «no signatures found» or «none matches»; to us content that is not what its digest says
      // is a fault, never an answer about the image.
      const args = verifyArguments(key, image.pinned);
      const theirs = await context.run('cosign', args);
      notEqual(theirs.code, 0, 'cosign accepted a corrupt signature');
      await context.exits(FAULT, 'pratique', args);
    }),
  ];
}

interface Keys {
  readonly key: KeyPair;
  readonly other: KeyPair;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const keys: Record<Signer, Keys> = {
    cosign: { key: await context.keyPair('cosign'), other: await context.keyPair('cosign') },
    pratique: { key: await context.keyPair('pratique'), other: await context.keyPair('pratique') },
  };
  const all: Scenario[] = [];
  for (const registry of context.registries) {
    for (const format of ['bundle', 'legacy'] as const) {
      for (const signer of ['cosign', 'pratique'] as const)
        all.push(...matrix(context, registry, format, signer, keys[signer]));
    }
    const { key } = keys.cosign;
    all.push(
      {
        name: `${registry.name}: an image nobody signed is refused as that`,
        run: async () => {
          const image = await context.image(registry);
          await bothRefuse(context, NO_SIGNATURE, NO_SIGNATURE, key, image.pinned);
        },
      },
      {
        name: `${registry.name}: a tag that does not exist is refused as that`,
        run: async () => {
          const image = await context.image(registry);
          const reference = image.tagged.replace(/:v1$/, ':v2');
          await bothRefuse(context, NO_SUCH_TAG, NO_SUCH_TAG, key, reference);
        },
      },
      {
        name: `${registry.name}: the same image signed in both formats is accepted`,
        run: async () => {
          const image = await context.image(registry);
          await sign(context, 'cosign', 'legacy', key, image.pinned, ['-a', 'env=dev']);
          await sign(context, 'pratique', 'bundle', key, image.pinned, ['-a', 'env=dev']);
          await context.ok('cosign', verifyArguments(key, image.pinned));
          await context.ok('pratique', verifyArguments(key, image.pinned));
        },
      },
    );
  }
  all.push({
    name: 'a registry that is down is a fault, not an unsigned image',
    run: async () => {
      const reference = `127.0.0.1:1/app@sha256:${'0'.repeat(64)}`;
      await bothRefuse(context, FAULT, FAULT, keys.cosign.key, reference);
    },
  });
  return all;
}
