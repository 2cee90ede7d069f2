/** Registries that speak TLS with a certificate of a private authority: ours to the foreign tools, and both to us. */
import { equal, ok } from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { startDockerRegistry, startOurRegistry, type TestRegistry } from '../support/registries.ts';
import { FAULT, SIGN_FLAGS } from '../support/signing.ts';

interface Served {
  readonly registry: TestRegistry;
  /** PEM file of the authority. */
  readonly ca: string;
}

/** Starts a registry with a fresh certificate for the time of `use`. */
async function withTls(
  context: Context,
  name: TestRegistry['name'],
  use: (served: Served) => Promise<void>,
): Promise<void> {
  const directory = context.scratch();
  const [cert, key, ca] = ['tls.crt', 'tls.key', 'ca.crt'].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ];
  const made = createSelfSigned({ names: ['127.0.0.1', 'localhost'] });
  writeFileSync(cert, made.certificatePem);
  writeFileSync(key, made.privateKeyPem);
  writeFileSync(ca, made.caPem);
  const data = join(directory, 'registry');
  const registry =
    name === 'pratique'
      ? await startOurRegistry(data, ['--tls-cert', cert, '--tls-key', key])
      : await startDockerRegistry(context.tools['docker-registry'], data, {
          http: { addr: '127.0.0.1:0', tls: { certificate: cert, key } },
        });
  try {
    await use({ registry, ca });
  } finally {
    await registry.stop();
  }
}

/** An image of the plain-HTTP registry, copied by crane to the one with TLS. */
async function imageOn(context: Context, { registry, ca }: Served): Promise<string> {
  const image = await context.image(context.theirs);
  const reference = `${registry.host}/team/app`;
  await context.ok('crane', ['copy', image.pinned, `${reference}:v1`], { env: { SSL_CERT_FILE: ca } });
  return `${reference}@${image.digest}`;
}

function scenariosOn(context: Context, name: TestRegistry['name'], key: KeyPair): Scenario[] {
  const verify = ['verify', '--key', key.publicKey, '--insecure-ignore-tlog'];
  const flags = SIGN_FLAGS.filter((flag) => flag !== '--allow-http-registry');
  return [
    {
      name: `${name} with TLS: signed by cosign or us with --registry-cacert, both accept`,
      run: () =>
        withTls(context, name, async (served) => {
          const ca = ['--registry-cacert', served.ca];
          const pinned = await imageOn(context, served);
          for (const signer of ['cosign', 'pratique'] as const) {
            await context.ok(signer, [
              'sign',
              '--key',
              key.privateKey,
              ...flags,
              ...ca,
              '-a',
              `by=${signer}`,
              pinned,
            ]);
            for (const program of ['cosign', 'pratique'] as const)
              await context.ok(program, [...verify, ...ca, '-a', `by=${signer}`, pinned]);
          }
        }),
    },
    {
      name: `${name} with TLS: without its authority we neither trust it nor fall back to plain HTTP`,
      run: () =>
        withTls(context, name, async (served) => {
          const pinned = await imageOn(context, served);
          const result = await context.exits(FAULT, 'pratique', [...verify, pinned]);
          ok(/certificate/i.test(`${result.stdout}${result.stderr}`), `${result.stdout}${result.stderr}`);
          await context.exits(FAULT, 'pratique', [...verify, '--allow-http-registry', pinned]);
          const unchecked = await context.run('pratique', [...verify, '--allow-insecure-registry', pinned]);
          equal(unchecked.code, 10, 'with --allow-insecure-registry the image is seen, and nobody signed it');
        }),
    },
    {
      name: `${name} with TLS: crane, oras and skopeo push and pull`,
      run: () =>
        withTls(context, name, async (served) => {
          const pinned = await imageOn(context, served);
          const env = { SSL_CERT_FILE: served.ca };
          await context.ok('crane', ['validate', '--remote', pinned], { env });
          const oras = context.scratch();
          writeFileSync(join(oras, 'file'), 'content');
          const artifact = `${served.registry.host}/team/artifact:v1`;
          const tls = ['--ca-file', served.ca];
          await context.ok('oras', ['push', ...tls, artifact, 'file:text/plain'], { cwd: oras });
          await context.ok('oras', ['pull', ...tls, artifact], { cwd: context.scratch() });
          const certificates = context.scratch();
          copyFileSync(served.ca, join(certificates, 'ca.crt'));
          const copy = ['--insecure-policy', 'copy', '--src-cert-dir', certificates];
          await context.ok('skopeo', [
            ...copy,
            `docker://${pinned}`,
            `dir:${join(context.scratch(), 'image')}`,
          ]);
        }),
    },
  ];
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  return (['pratique', 'docker-registry'] as const).flatMap((name) => scenariosOn(context, name, key));
}
