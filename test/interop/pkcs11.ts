/** Keys in a PKCS#11 token (softhsm2): signing with them, verified by cosign; a private Sigstore whose keys are in one. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import {
  alice,
  bob,
  identity,
  initialize,
  type PrivateSigstore,
  startSigstoreWith,
  token,
} from '../support/private-sigstore.ts';
import { run } from '../support/process.ts';
import { NONE_MATCHES } from '../support/signing.ts';
import { openSoftHsm, pin, type SoftHsm } from '../support/softhsm.ts';

const USAGE = 3;
const AUTHENTICATION = 4;

/** Kinds of keys, and what `cosign verify` must be told of their hash. */
const kinds = {
  p256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), cosign: [] },
  p384: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    cosign: ['--signature-digest-algorithm', 'sha384'],
  },
  rsa: { make: () => generateKeyPairSync('rsa', { modulusLength: 3072 }), cosign: [] },
  ed25519: { make: () => generateKeyPairSync('ed25519'), cosign: [] },
} as const;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const hsm = await openSoftHsm(context);
  await hsm.token('team');
  let id = 0xa0;
  for (const [label, { make }] of Object.entries(kinds))
    await hsm.put('team', label, (id++).toString(16), make().privateKey);
  const env = { ...hsm.env, COSIGN_PKCS11_PIN: pin };
  const uri = (label: string, token = 'team') => `pkcs11:token=${token};object=${label}`;
  const exported = async (key: string): Promise<string> => {
    const file = join(context.scratch(), 'key.pub');
    await context.ok('pratique', ['public-key', '--key', key, '--outfile', file], { env: hsm.env });
    return file;
  };

  return [
    ...Object.entries(kinds).map(([label, { cosign }]) => ({
      name: `an image signed with a ${label} key in a token verifies with cosign by its exported public key, and with us by either`,
      run: async () => {
        const publicKey = await exported(uri(label));
        const image = await context.image(context.ours);
        await context.ok('pratique', ['sign', '--key', uri(label), '--allow-http-registry', image.pinned], {
          env,
        });
        const verify = ['verify', '--insecure-ignore-tlog', '--allow-http-registry'];
        await context.ok('cosign', [...verify, '--key', publicKey, ...cosign, image.pinned]);
        await context.ok('pratique', [...verify, '--key', publicKey, image.pinned]);
        // Without a PIN: the public half is there for everybody.
        await context.ok('pratique', [...verify, '--key', uri(label), image.pinned], { env: hsm.env });
        const other = uri(label === 'p256' ? 'rsa' : 'p256');
        await context.exits(NONE_MATCHES, 'pratique', [...verify, '--key', other, image.pinned], {
          env: hsm.env,
        });
      },
    })),
    {
      name: 'attestations and files are signed with a key in a token, and verify with cosign',
      run: async () => {
        const publicKey = await exported(uri('p256'));
        const directory = context.scratch();
        const [file, bundle, predicate] = ['file', 'bundle', 'predicate'].map((name) =>
          join(directory, name),
        );
        writeFileSync(file!, 'to sign');
        writeFileSync(predicate!, '{"tests":"passed"}');
        const image = await context.image(context.ours);
        const key = ['--key', uri('p256')];
        const flags = ['--predicate', predicate!, '--type', 'https://example.com/tests/v1'];
        await context.ok('pratique', ['attest', ...key, ...flags, '--allow-http-registry', image.pinned], {
          env,
        });
        await context.ok('cosign', [
          'verify-attestation',
          '--insecure-ignore-tlog',
          '--allow-http-registry',
          '--type',
          'https://example.com/tests/v1',
          '--key',
          publicKey,
          image.pinned,
        ]);
        await context.ok('pratique', ['sign-blob', ...key, '--bundle', bundle!, file!], { env });
        const verify = ['verify-blob', '--insecure-ignore-tlog', '--key', publicKey, '--bundle', bundle!];
        await context.ok('cosign', [...verify, file!]);
        writeFileSync(file!, 'something else');
        notEqual((await context.run('cosign', [...verify, file!])).code, 0);
      },
    },
    {
      name: 'tokens and the URIs of their keys are listed, and a listed URI signs',
      run: async () => {
        const tokens = await context.ok('pratique', ['pkcs11-tool', 'list-tokens'], { env: hsm.env });
        const slot = /Token in slot (\d+)\n\tLabel: team\n/.exec(tokens)?.[1];
        ok(slot, tokens);
        const args = ['pkcs11-tool', 'list-keys-uris', '--slot-id', slot];
        const listed = await context.ok('pratique', args, { env });
        const found = [...listed.matchAll(/\tURI: (pkcs11:\S+)/g)].map(([, one]) => one!);
        equal(found.length, Object.keys(kinds).length);
        ok(!listed.includes(pin), 'the PIN is printed');
        const file = join(context.scratch(), 'file');
        writeFileSync(file, 'to sign');
        const key = found.find((one) => one.includes('p384'))!;
        const sign = ['sign-blob', '--key', key, '--bundle', `${file}.bundle`, file];
        await context.ok('pratique', sign, {
          env: { ...env, COSIGN_PKCS11_MODULE_PATH: '' },
        });
      },
    },
    {
      name: 'a key that we make in a token signs, never leaves it, and is not made twice',
      run: async () => {
        const prefix = join(context.scratch(), 'made');
        const make = ['generate-key-pair', '--kms', uri('made'), '--output-key-prefix', prefix];
        await context.ok('pratique', make, { env });
        const file = join(context.scratch(), 'file');
        writeFileSync(file, 'to sign');
        const bundle = ['--bundle', `${file}.bundle`, file];
        await context.ok('pratique', ['sign-blob', '--key', uri('made'), ...bundle], { env });
        const verify = ['verify-blob', '--insecure-ignore-tlog', '--key', `${prefix}.pub`, ...bundle];
        await context.ok('cosign', verify);
        match((await context.exits(USAGE, 'pratique', [...make, '--yes'], { env })).stderr, /KEY_EXISTS/);
        const imported = ['import-key-pair', '--key', uri('made')];
        await context.exits(USAGE, 'pratique', imported, { env });
      },
    },
    {
      name: 'a wrong PIN, no PIN, no such token, key or module, and several that fit are each said, and nothing is signed',
      run: () => refusals(context, hsm),
    },
    {
      name: 'a private Sigstore all of whose keys for what is signed are in a token: cosign signs into both logs and verifies, we verify, and it starts again',
      run: () => authorityInToken(context, hsm),
    },
  ];
}

async function refusals(context: Context, hsm: SoftHsm): Promise<void> {
  await hsm.token('twins');
  const twin = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  await hsm.put('twins', 'same', 'b1', twin());
  await hsm.put('twins', 'same', 'b2', twin());
  const file = join(context.scratch(), 'file');
  writeFileSync(file, 'to sign');
  const sign = (key: string) => ['sign-blob', '--key', key, '--bundle', `${file}.bundle`, file];
  const refused = async (key: string, code: string, exit = USAGE, env: Record<string, string> = {}) => {
    const result = await context.exits(exit, 'pratique', sign(key), { env: { ...hsm.env, ...env } });
    match(result.stderr, new RegExp(`error ${code}`));
    ok(!result.stderr.includes('s3cr3t'), result.stderr);
  };
  const withPin = { COSIGN_PKCS11_PIN: pin };
  await refused('pkcs11:token=team;object=p256?pin-value=s3cr3t', 'PKCS11_PIN_REFUSED', AUTHENTICATION);
  await refused('pkcs11:token=team;object=p256', 'PKCS11_PIN_MISSING');
  await refused('pkcs11:token=none;object=p256', 'PKCS11_TOKEN_NOT_FOUND', USAGE, withPin);
  await refused('pkcs11:token=team;object=none', 'KEY_NOT_FOUND', USAGE, withPin);
  await refused('pkcs11:token=twins;object=same', 'KEY_AMBIGUOUS', USAGE, withPin);
  await refused('pkcs11:token=team;object=p256?module-path=/etc/hostname', 'PKCS11_MODULE_UNUSABLE', USAGE);
  await refused('pkcs11:token=team;object=p256?module-path=/nowhere.so', 'PKCS11_MODULE_UNUSABLE', USAGE);
  await context.ok('pratique', sign('pkcs11:token=twins;object=same;id=%b2'), {
    env: { ...hsm.env, ...withPin },
  });
}

async function authorityInToken(context: Context, hsm: SoftHsm): Promise<void> {
  await hsm.token('authority');
  const directory = join(context.scratch(), 'sigstore');
  const pinFile = join(context.scratch(), 'pin');
  writeFileSync(pinFile, `${pin}\n`);
  const uri = (label: string) => `pkcs11:token=authority;object=${label}?pin-source=file:${pinFile}`;
  const flags: string[] = [];
  for (const [flag, label] of [
    ['--ca-root-key', 'root'],
    ['--ca-key', 'fulcio'],
    ['--tsa-root-key', 'tsa-root'],
    ['--tsa-key', 'tsa'],
    ['--rekor-key', 'rekor'],
    ['--rekor-v2-key', 'rekor-v2'],
    ['--ctlog-key', 'ctlog'],
  ] as const) {
    const made = [
      'generate-key-pair',
      '--kms',
      uri(label),
      '--output-key-prefix',
      join(context.scratch(), label),
    ];
    await context.ok('pratique', made, { env: hsm.env });
    flags.push(flag, uri(label));
  }
  const start = () => startSigstoreWith(context, directory, hsm.env, '0', ...flags);
  let sigstore = await start();
  await initialize(context, sigstore);
  const image = await context.image(context.ours);
  const sign = ['sign', '-y', '--allow-http-registry', '--identity-token', await token(sigstore, alice)];
  await context.ok('cosign', [...sign, image.pinned], { env: sigstore.env });
  const verify = ['verify', '--allow-http-registry'];
  const { env, trustedRoot } = sigstore;
  await context.ok('cosign', [...verify, ...identity(sigstore, alice), image.pinned], { env });
  const ours = [...verify, '--trusted-root', trustedRoot];
  await context.ok('pratique', [...ours, ...identity(sigstore, alice), image.pinned]);
  await context.exits(NONE_MATCHES, 'pratique', [...ours, ...identity(sigstore, bob), image.pinned]);
  // Into Rekor v2, whose checkpoints are by a key in the token too.
  const second = await context.image(context.ours);
  const v2 = ['--signing-config', sigstore.signingConfigRekorV2];
  await context.ok('cosign', [...sign, ...v2, second.pinned], { env });
  await context.ok('cosign', [...verify, ...identity(sigstore, alice), second.pinned], { env });
  await context.ok('pratique', [...ours, ...identity(sigstore, alice), second.pinned]);
  await context.exits(NONE_MATCHES, 'pratique', [...ours, ...identity(sigstore, bob), second.pinned]);
  const kept = readdirSync(join(directory, 'keys')).filter((name) => name.endsWith('.pem'));
  deepEqual(kept.sort(), ['oidc.pem', 'tuf-root.pem', 'tuf.pem']);
  // The issuer in the certificate is the key in the token.
  const chain = await run('openssl', [
    'x509',
    '-pubkey',
    '-noout',
    '-in',
    join(directory, 'certificates/fulcio.crt.pem'),
  ]);
  const key = await context.ok('pratique', ['public-key', '--key', uri('fulcio')], { env: hsm.env });
  equal(chain.stdout, key);
  await sigstore.server.stop();
  await withoutItsKey(context, hsm, directory);
  sigstore = await start();
  await signOurs(context, sigstore);
  await sigstore.server.stop();
}

/** A server that lost its token does not start with another key, and does not make one. */
async function withoutItsKey(context: Context, hsm: SoftHsm, directory: string): Promise<void> {
  const serve = ['sigstore', 'serve', '--listen', '127.0.0.1:0', '--data', directory];
  match(
    (await context.exits(USAGE, 'pratique', serve, { env: hsm.env })).stderr,
    /SIGSTORE_SERVER_OPTION_INVALID/,
  );
  const other = ['--ca-key', 'pkcs11:token=team;object=p256'];
  const env = { ...hsm.env, COSIGN_PKCS11_PIN: pin };
  match(
    (await context.exits(USAGE, 'pratique', [...serve, ...other], { env })).stderr,
    /SIGSTORE_SERVER_OPTION_INVALID/,
  );
}

async function signOurs(context: Context, sigstore: PrivateSigstore): Promise<void> {
  const image = await context.image(context.ours);
  const flags = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
  const identityToken = ['--identity-token', await token(sigstore, bob)];
  await context.ok('pratique', ['sign', ...flags, ...identityToken, '--allow-http-registry', image.pinned]);
  const verify = ['verify', '--trusted-root', sigstore.trustedRoot, '--allow-http-registry'];
  await context.ok('pratique', [...verify, ...identity(sigstore, bob), image.pinned]);
}
