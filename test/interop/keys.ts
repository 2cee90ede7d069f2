/** Key files: made by either program or by skopeo, used by the other; keys made elsewhere and imported by either. */
import { equal, notEqual } from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import type { Format } from '../support/forge.ts';

type Signer = 'cosign' | 'pratique';

/** Other kinds of keys, in the PEM forms their owners have them in. */
const imported: readonly {
  readonly name: string;
  readonly make: () => { privateKey: KeyObject };
  readonly form: 'pkcs8' | 'pkcs1' | 'sec1';
  /** What `cosign verify` must be told of the key's hash; cosign signs with it unasked. */
  readonly cosignFlags: readonly string[];
  /** cosign 3.1.3 signs images with Ed25519ph and verifies pure Ed25519: it refuses its own signatures. */
  readonly cosignCannotVerifyItself?: true;
}[] = [
  {
    name: 'P-256',
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    form: 'sec1',
    cosignFlags: [],
  },
  {
    name: 'P-384',
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    form: 'pkcs8',
    cosignFlags: ['--signature-digest-algorithm', 'sha384'],
  },
  {
    name: 'P-521',
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    form: 'sec1',
    cosignFlags: ['--signature-digest-algorithm', 'sha512'],
  },
  {
    name: 'RSA 2048',
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    form: 'pkcs1',
    cosignFlags: [],
  },
  {
    name: 'RSA 4096',
    make: () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
    form: 'pkcs8',
    cosignFlags: [],
  },
  {
    name: 'Ed25519',
    make: () => generateKeyPairSync('ed25519'),
    form: 'pkcs8',
    cosignFlags: [],
    cosignCannotVerifyItself: true,
  },
];

const SIGN = ['sign', '--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '-y'];
const VERIFY = ['verify', '--insecure-ignore-tlog', '--allow-http-registry'];

/** The PEM text without regard to how its end is written. */
function pem(text: string): string {
  return text.trim();
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const all: Scenario[] = [];
  for (const [maker, user] of [
    ['cosign', 'pratique'],
    ['pratique', 'cosign'],
  ] as const) {
    all.push(
      {
        name: `a key pair made by ${maker}: ${user} public-key prints its public key`,
        run: async () => {
          const pair = await context.keyPair(maker);
          const printed = await context.ok(user, ['public-key', '--key', pair.privateKey]);
          equal(pem(printed), pem(readFileSync(pair.publicKey, 'utf8')));
        },
      },
      {
        name: `a key pair made by ${maker}: ${user} refuses it with another password`,
        run: async () => {
          const pair = await context.keyPair(maker);
          const env = { COSIGN_PASSWORD: 'wrong' };
          const result = await context.run(user, ['public-key', '--key', pair.privateKey], { env });
          notEqual(result.code, 0, 'the wrong password opened the key');
          equal(result.stdout, '', 'something was printed for a wrong password');
        },
      },
      {
        name: `a key pair made by ${maker}: ${user} signs with it from the environment`,
        run: async () => {
          const pair = await context.keyPair(maker);
          const image = await context.image(context.theirs);
          const env = { A_KEY: readFileSync(pair.privateKey, 'utf8') };
          await context.ok(user, [...SIGN, '--key', 'env://A_KEY', image.pinned], { env });
          const publicEnv = { A_KEY: readFileSync(pair.publicKey, 'utf8') };
          await context.ok(maker, [...VERIFY, '--key', 'env://A_KEY', image.pinned], { env: publicEnv });
          await context.ok(user, [...VERIFY, '--key', pair.publicKey, image.pinned]);
        },
      },
      {
        name: `a key pair made by ${maker} with an empty password: ${user} signs with it`,
        run: async () => {
          const env = { COSIGN_PASSWORD: '' };
          const prefix = join(context.scratch(), 'key');
          await context.ok(maker, ['generate-key-pair', '--output-key-prefix', prefix], { env });
          const image = await context.image(context.theirs);
          await context.ok(user, [...SIGN, '--key', `${prefix}.key`, image.pinned], { env });
          await context.ok(maker, [...VERIFY, '--key', `${prefix}.pub`, image.pinned]);
        },
      },
    );
  }
  all.push({
    name: "a key pair made by skopeo: pratique signs with it, cosign accepts with skopeo's public key",
    run: async () => {
      const directory = context.scratch();
      const passphrase = join(directory, 'passphrase');
      writeFileSync(passphrase, 'a passphrase');
      const prefix = join(directory, 'key');
      await context.ok('skopeo', [
        'generate-sigstore-key',
        '--output-prefix',
        prefix,
        '--passphrase-file',
        passphrase,
      ]);
      const image = await context.image(context.ours);
      const env = { COSIGN_PASSWORD: 'a passphrase' };
      await context.ok('pratique', [...SIGN, '--key', `${prefix}.private`, image.pinned], { env });
      await context.ok('cosign', [...VERIFY, '--key', `${prefix}.pub`, image.pinned]);
    },
  });
  for (const kind of imported) {
    for (const [importer, user] of [
      ['cosign', 'pratique'],
      ['pratique', 'cosign'],
      ['pratique', 'pratique'],
    ] as const) {
      all.push({
        name: `${kind.name} key (${kind.form}) imported by ${importer}: ${user} signs with it in both formats, both accept`,
        run: () => importAndUse(context, kind, importer, user),
      });
    }
  }
  return all;
}

/** Imports a fresh key with `importer`, signs with `signer` in both formats, verifies with both programs. */
async function importAndUse(
  context: Context,
  kind: (typeof imported)[number],
  importer: Signer,
  signer: Signer,
): Promise<void> {
  const directory = context.scratch();
  const source = join(directory, 'source.pem');
  const { privateKey } = kind.make();
  writeFileSync(
    source,
    privateKey.export({ type: kind.form, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }),
  );
  const prefix = join(directory, 'key');
  await context.ok(importer, ['import-key-pair', '--key', source, '--output-key-prefix', prefix]);
  const pair: KeyPair = { privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` };
  const printed = await context.ok(signer, ['public-key', '--key', pair.privateKey]);
  equal(pem(printed), pem(readFileSync(pair.publicKey, 'utf8')), 'the public key of the imported key');
  for (const format of ['bundle', 'legacy'] satisfies Format[]) {
    const image = await context.image(context.ours);
    const bundle = `--new-bundle-format=${format === 'bundle'}`;
    await context.ok(signer, [...SIGN, bundle, '--key', pair.privateKey, image.pinned]);
    const verify = [...VERIFY, '--key', pair.publicKey];
    await context.ok('pratique', [...verify, image.pinned]);
    if (signer === 'cosign' && kind.cosignCannotVerifyItself) {
      const result = await context.run('cosign', [...verify, image.pinned]);
      notEqual(result.code, 0, 'cosign can verify its own Ed25519 signatures now: drop the exception here');
    } else {
      await context.ok('cosign', [...verify, ...kind.cosignFlags, image.pinned]);
    }
  }
}
