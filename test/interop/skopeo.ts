/** skopeo, as signer and as policy enforcer, with us on the other side. It knows cosign's tag-based format. */
import { ok } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { PASSWORD } from '../support/context.ts';
import type { TestRegistry } from '../support/registries.ts';

/**
 * How skopeo compares the name in a signature with the image's. Its default, `matchRepoDigestOrExact`, wants a tag in
 * the signature's name, which skopeo writes and neither cosign nor we do.
 */
type Identity = 'matchRepoDigestOrExact' | 'matchRepository';

/** skopeo's configuration: look for attached signatures on `registries`, and accept only what `key` signed. */
function configure(context: Context, key: KeyPair, identity: Identity) {
  const directory = context.scratch();
  const lookaside = join(directory, 'registries.d');
  mkdirSync(lookaside);
  const docker = Object.fromEntries(
    context.registries.map(({ host }) => [host, { 'use-sigstore-attachments': true }]),
  );
  writeFileSync(join(lookaside, 'default.yaml'), JSON.stringify({ docker }));
  const requirement = {
    type: 'sigstoreSigned',
    keyPath: key.publicKey,
    signedIdentity: { type: identity },
  };
  const policy = join(directory, 'policy.json');
  const transports = {
    docker: Object.fromEntries(context.registries.map(({ host }) => [host, [requirement]])),
  };
  writeFileSync(policy, JSON.stringify({ default: [{ type: 'reject' }], transports }));
  const passphrase = join(directory, 'passphrase');
  writeFileSync(passphrase, PASSWORD);
  return { directory, lookaside, policy, passphrase };
}

const SIGN = ['sign', '--legacy', '-y'];
const VERIFY = ['verify', '--insecure-ignore-tlog', '--allow-http-registry'];

function scenariosOn(context: Context, registry: TestRegistry): Scenario[] {
  /** Pulls through the policy; exit 0 means that skopeo accepted the signatures. */
  const pull = async (key: KeyPair, reference: string, identity: Identity) => {
    const { directory, lookaside, policy } = configure(context, key, identity);
    const args = ['--policy', policy, '--registries.d', lookaside, 'copy', '--src-tls-verify=false'];
    return await context.run('skopeo', [
      ...args,
      '--remove-signatures',
      `docker://${reference}`,
      `oci:${join(directory, 'pulled')}`,
    ]);
  };
  const all: Scenario[] = [];
  for (const maker of ['cosign', 'pratique'] as const) {
    all.push({
      name: `${registry.name}: skopeo signs while copying with a key made by ${maker}, pratique and cosign accept`,
      run: async () => {
        const key = await context.keyPair(maker);
        const { lookaside, passphrase } = configure(context, key, 'matchRepository');
        const image = await context.image(registry);
        const destination = `${registry.host}/${context.unique('signed')}:v1`;
        await context.ok('skopeo', [
          '--insecure-policy',
          '--registries.d',
          lookaside,
          'copy',
          '--src-tls-verify=false',
          '--dest-tls-verify=false',
          '--sign-by-sigstore-private-key',
          key.privateKey,
          '--sign-passphrase-file',
          passphrase,
          `docker://${image.tagged}`,
          `docker://${destination}`,
        ]);
        await context.ok('cosign', [...VERIFY, '--key', key.publicKey, destination]);
        await context.ok('pratique', [...VERIFY, '--key', key.publicKey, destination]);
        const other = await context.keyPair(maker);
        await context.exits(12, 'pratique', [...VERIFY, '--key', other.publicKey, destination]);
        const accepted = await pull(key, destination, 'matchRepoDigestOrExact');
        ok(accepted.code === 0, accepted.stderr);
      },
    });
  }
  all.push(
    {
      name: `${registry.name}: skopeo's policy accepts what pratique signed, by digest and by tag`,
      run: async () => {
        const key = await context.keyPair('pratique');
        const image = await context.image(registry);
        await context.ok('pratique', [...SIGN, '--key', key.privateKey, image.pinned]);
        for (const reference of [image.pinned, image.tagged]) {
          const result = await pull(key, reference, 'matchRepository');
          ok(result.code === 0, result.stderr);
        }
      },
    },
    {
      name: `${registry.name}: skopeo's policy refuses what pratique signed with another key, and what it did not sign`,
      run: async () => {
        const key = await context.keyPair('pratique');
        const other = await context.keyPair('pratique');
        const image = await context.image(registry);
        const unsigned = await pull(key, image.pinned, 'matchRepository');
        ok(unsigned.code !== 0 && /signature was required/.test(unsigned.stderr), unsigned.stderr);
        await context.ok('pratique', [...SIGN, '--key', key.privateKey, image.pinned]);
        const result = await pull(other, image.pinned, 'matchRepository');
        ok(result.code !== 0 && /[Ss]ignature/.test(result.stderr), result.stderr);
      },
    },
    {
      name: `${registry.name}: skopeo adds a signature to the ones pratique wrote, all stay valid`,
      run: async () => {
        const ours = await context.keyPair('pratique');
        const theirs = await context.keyPair('cosign');
        const image = await context.image(registry);
        await context.ok('pratique', [...SIGN, '--key', ours.privateKey, image.pinned]);
        const { lookaside, passphrase } = configure(context, theirs, 'matchRepository');
        const copy = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
        const by = [
          '--sign-by-sigstore-private-key',
          theirs.privateKey,
          '--sign-passphrase-file',
          passphrase,
        ];
        await context.ok('skopeo', [
          '--insecure-policy',
          '--registries.d',
          lookaside,
          ...copy,
          ...by,
          `docker://${image.tagged}`,
          `docker://${image.tagged}`,
        ]);
        for (const key of [ours, theirs])
          await context.ok('pratique', [...VERIFY, '--key', key.publicKey, image.tagged]);
      },
    },
  );
  return all;
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return context.registries.flatMap((registry) => scenariosOn(context, registry));
}
