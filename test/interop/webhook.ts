/** The admission webhook, asked as an API server asks, about images that cosign, skopeo and we signed. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, type KeyPair, PASSWORD, type Scenario } from '../support/context.ts';
import type { Format } from '../support/forge.ts';
import type { TestImage, TestRegistry } from '../support/registries.ts';
import { reviewOf, startWebhook, type Webhook } from '../support/webhook.ts';

type Signer = 'cosign' | 'pratique' | 'skopeo';

async function sign(context: Context, signer: Signer, format: Format, key: KeyPair, image: TestImage) {
  if (signer !== 'skopeo') {
    const flags = ['--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '-y'];
    const bundle = `--new-bundle-format=${format === 'bundle'}`;
    await context.ok(signer, [
      'sign',
      '--key',
      key.privateKey,
      ...flags,
      bundle,
      '-a',
      'env=dev',
      image.pinned,
    ]);
    return;
  }
  const directory = context.scratch();
  const passphrase = join(directory, 'passphrase');
  writeFileSync(passphrase, PASSWORD);
  writeFileSync(
    join(directory, 'attachments.yaml'),
    JSON.stringify({ docker: { [image.registry.host]: { 'use-sigstore-attachments': true } } }),
  );
  const by = ['--sign-by-sigstore-private-key', key.privateKey, '--sign-passphrase-file', passphrase];
  const copy = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false', ...by];
  const place = `docker://${image.tagged}`;
  await context.ok('skopeo', ['--insecure-policy', '--registries.d', directory, ...copy, place, place]);
}

/** One running webhook for all scenarios, started by the first. */
function webhookFor(context: Context, key: KeyPair): () => Promise<Webhook> {
  let webhook: Promise<Webhook> | undefined;
  const start = async () => {
    const directory = context.scratch();
    const trust = join(directory, 'trust.yaml');
    writeFileSync(
      trust,
      JSON.stringify({
        apiVersion: 'pratique.dev/v1',
        kind: 'Trust',
        authorities: { builders: { keyFile: key.publicKey } },
        images: [{ match: '**', require: { any: ['builders'] } }],
      }),
    );
    const data = join(directory, 'data');
    mkdirSync(data);
    return await startWebhook(trust, data);
  };
  return () => (webhook ??= start());
}

function scenariosOn(
  context: Context,
  registry: TestRegistry,
  started: () => Promise<Webhook>,
  key: KeyPair,
  other: KeyPair,
): Scenario[] {
  const all: Scenario[] = [];
  for (const [signer, format] of [
    ['cosign', 'bundle'],
    ['cosign', 'legacy'],
    ['pratique', 'bundle'],
    ['pratique', 'legacy'],
    ['skopeo', 'legacy'],
  ] as const) {
    all.push(
      {
        name: `${registry.name}: admits what ${signer} signed (${format}) and pins its digest`,
        run: async () => {
          const image = await context.image(registry);
          await sign(context, signer, format, key, image);
          const webhook = await started();
          const validated = await webhook.review('/validate', reviewOf([image.tagged]));
          ok(validated.allowed, JSON.stringify(validated.status));
          const mutated = await webhook.review('/mutate', reviewOf([image.tagged]));
          ok(mutated.allowed, JSON.stringify(mutated.status));
          equal(mutated.patchType, 'JSONPatch');
          const patch = JSON.parse(Buffer.from(mutated.patch!, 'base64').toString()) as {
            op: string;
            path: string;
            value: string;
          }[];
          const images = patch.filter(({ path }) => path === '/spec/containers/0/image');
          equal(images.length, 1);
          equal(images[0]!.op, 'replace');
          ok(images[0]!.value.endsWith(`@${image.digest}`), images[0]!.value);
        },
      },
      {
        name: `${registry.name}: denies what ${signer} signed (${format}) with a key nobody trusts`,
        run: async () => {
          const image = await context.image(registry);
          await sign(context, signer, format, other, image);
          const response = await (await started()).review('/validate', reviewOf([image.tagged]));
          deepEqual([response.allowed, response.status?.code], [false, 403]);
          ok((response.status?.message ?? '').length > 0, 'denied without a reason');
        },
      },
    );
  }
  all.push({
    name: `${registry.name}: denies a Pod with one signed and one unsigned image, naming the unsigned`,
    run: async () => {
      const [signed, unsigned] = [await context.image(registry), await context.image(registry)];
      await sign(context, 'cosign', 'bundle', key, signed);
      const response = await (await started()).review(
        '/validate',
        reviewOf([signed.tagged, unsigned.tagged]),
      );
      equal(response.allowed, false);
      match(response.status!.message!, new RegExp(unsigned.repository));
      ok(!response.status!.message!.includes(`${signed.repository}:`), response.status!.message);
    },
  });
  return all;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const other = await context.keyPair('cosign');
  const started = webhookFor(context, key);
  return [
    ...context.registries.flatMap((registry) => scenariosOn(context, registry, started, key, other)),
    {
      name: 'denies when the registry is down, as a fault and not as unsigned',
      run: async () => {
        const response = await (await started()).review('/validate', reviewOf(['127.0.0.1:1/team/app:v1']));
        equal(response.allowed, false);
        ok(!/not signed|no signature/i.test(response.status?.message ?? ''), response.status?.message);
      },
    },
    { name: 'stops when told to', run: async () => (await started()).stop() },
  ];
}
