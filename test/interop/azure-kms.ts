/** Keys in Azure Key Vault, used by cosign and by us: a vault with real keys, at the names of Microsoft's services. */
import { equal, match, notEqual, ok } from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Azure, startAzure, vaultHost } from '../support/azure.ts';
import type { Context, Scenario } from '../support/context.ts';
import { keyServiceScenarios } from '../support/key-signing.ts';
import { NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';

const USAGE = 3;
const AUTHENTICATION = 4;
const REGISTRY = ['--allow-http-registry'];

const azurekms = (name: string) => `azurekms://${vaultHost}/${name}`;

/**
 * The kinds of keys that sign. cosign 3.1.3 writes RSA signatures as if they were of ECDSA, in two halves, which nobody verifies;
 * with longer keys, of which it wants another hash than it has made, it does not sign.
 */
const types: Readonly<
  Record<
    string,
    {
      readonly cosign: 'signs' | 'signs what nobody verifies' | 'does not sign';
      /** What cosign must be told of signatures by the public key, where it is not SHA-256. */
      readonly flags?: readonly string[];
    }
  >
> = {
  'EC P-256': { cosign: 'signs' },
  'EC P-384': { cosign: 'signs', flags: ['--signature-digest-algorithm', 'sha384'] },
  'EC-HSM P-521': { cosign: 'signs', flags: ['--signature-digest-algorithm', 'sha512'] },
  RSA: { cosign: 'signs what nobody verifies' },
  'RSA 4096': { cosign: 'does not sign' },
};

export async function scenarios(context: Context): Promise<Scenario[]> {
  const azure = await startAzure(context);
  return [
    ...keyServiceScenarios(context, {
      name: 'Azure Key Vault',
      reference: azurekms,
      env: azure.env,
      make: (reference) => ['generate-key-pair', '--kms', reference],
      missing: /KEY_NOT_FOUND/,
    }),
    ...Object.keys(types).map((type) => ({
      name: `a key ${type} in Azure Key Vault signs for each that can, and each verifies the other`,
      run: () => signImages(context, azure, type),
    })),
    {
      name: 'a key in Azure Key Vault that is rotated signs under its newest version, or the one that is named',
      run: () => rotate(context, azure),
    },
    {
      name: 'a workload identity and managed identities are logged in to Azure',
      run: () => logIns(context, azure),
    },
    {
      name: 'Azure: a wrong secret and none, disabled keys and others that do not sign: each is said, and nothing is signed',
      run: () => refusals(context, azure),
    },
  ];
}

async function signImages(context: Context, azure: Azure, type: string): Promise<void> {
  const { env } = azure;
  const { cosign, flags = [] } = types[type]!;
  const name = type.replaceAll(' ', '-');
  azure.key(name, type);
  azure.key(`other-${name}`, type);
  const pem = join(context.scratch(), 'key.pub');
  const printed = await context.ok('pratique', ['public-key', '--key', azurekms(name)], { env });
  equal(
    (await context.ok('cosign', ['public-key', '--key', azurekms(name)], { env })).trim(),
    printed.trim(),
  );
  writeFileSync(pem, printed);
  const verify = (key: string) => ['verify', '--insecure-ignore-tlog', ...REGISTRY, '--key', key];
  for (const signer of cosign === 'signs' ? (['cosign', 'pratique'] as const) : (['pratique'] as const)) {
    const image = await context.image(context.ours);
    const how = signer === 'cosign' ? SIGN_FLAGS : REGISTRY;
    await context.ok(signer, ['sign', '--key', azurekms(name), ...how, image.pinned], { env });
    await context.ok('pratique', [...verify(azurekms(name)), image.pinned], { env });
    await context.ok('pratique', [...verify(pem), image.pinned]);
    await context.ok('cosign', [...verify(pem), ...flags, image.pinned]);
    const other = [...verify(azurekms(`other-${name}`)), image.pinned];
    await context.exits(NONE_MATCHES, 'pratique', other, { env });
  }
  if (cosign === 'signs') return;
  const image = await context.image(context.ours);
  const byCosign = await context.run(
    'cosign',
    ['sign', '--key', azurekms(name), ...SIGN_FLAGS, image.pinned],
    { env },
  );
  equal(byCosign.code === 0, cosign === 'signs what nobody verifies', byCosign.stderr);
  notEqual((await context.run('pratique', [...verify(pem), image.pinned])).code, 0);
  notEqual((await context.run('cosign', [...verify(pem), image.pinned])).code, 0);
}

async function rotate(context: Context, azure: Azure): Promise<void> {
  const { env } = azure;
  const first = azure.key('rotated', 'EC P-256');
  const directory = context.scratch();
  const file = join(directory, 'file');
  writeFileSync(file, 'to sign');
  const sign = (key: string, bundle: string) => [
    'sign-blob',
    '--key',
    key,
    '--bundle',
    join(directory, bundle),
    file,
  ];
  const verifies = async (key: string, bundle: string): Promise<boolean> => {
    const verify = [
      'verify-blob',
      '--insecure-ignore-tlog',
      '--key',
      key,
      '--bundle',
      join(directory, bundle),
      file,
    ];
    const { code, stderr } = await context.run('pratique', verify, { env });
    if (code !== 0) match(stderr, /^error BLOB_NOT_VERIFIED:/m);
    return code === 0;
  };
  await context.ok('pratique', sign(azurekms('rotated'), 'first'), { env });
  const second = azure.key('rotated', 'EC P-256');
  await context.ok('pratique', sign(azurekms('rotated'), 'second'), { env });
  await context.ok('pratique', sign(azurekms(`rotated/${first}`), 'named'), { env });
  const [one, two] = [azurekms(`rotated/${first}`), azurekms(`rotated/${second}`)];
  for (const [bundle, key, other] of [
    ['first', one, two],
    ['second', two, one],
    ['named', one, two],
  ] as const) {
    equal(await verifies(key, bundle), true);
    equal(await verifies(other, bundle), false);
  }
  equal(await verifies(azurekms('rotated'), 'second'), true);
  for (const key of [azurekms('rotated'), one, two]) {
    const printed = await context.ok('pratique', ['public-key', '--key', key], { env });
    equal((await context.ok('cosign', ['public-key', '--key', key], { env })).trim(), printed.trim());
  }
}

async function logIns(context: Context, azure: Azure): Promise<void> {
  azure.key('ways', 'EC P-256');
  const args = ['public-key', '--key', azurekms('ways')];
  for (const [way, { who: env, cosign }] of Object.entries(azure.ways)) {
    const printed = await context.ok('pratique', args, { env });
    if (cosign) equal((await context.ok('cosign', args, { env })).trim(), printed.trim(), way);
  }
}

async function refusals(context: Context, azure: Azure): Promise<void> {
  const { env } = azure;
  azure.key('good', 'EC P-256');
  azure.key('disabled', 'EC P-256', ['sign', 'verify'], false);
  azure.key('encrypting', 'RSA', ['encrypt', 'decrypt']);
  azure.key('bitcoin', 'EC P-256K');
  const { AZURE_CLIENT_SECRET: _, ...nobody } = env as Record<string, string>;
  const wrong = 'the secret of somebody else';
  const file = join(context.scratch(), 'file');
  writeFileSync(file, 'to sign');
  // Nothing listens there.
  const off = { ...nobody, AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' };
  for (const [name, code, exit, environment] of [
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { ...env, AZURE_CLIENT_SECRET: wrong }],
    ['good', 'KEY_CREDENTIALS_MISSING', AUTHENTICATION, off],
    ['disabled', 'KEY_DISABLED', USAGE, env],
    ['encrypting', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
    ['bitcoin', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
  ] as const) {
    const bundle = join(context.scratch(), 'bundle');
    const args = ['sign-blob', '--key', azurekms(name), '--bundle', bundle, file];
    const { stderr } = await context.exits(exit, 'pratique', args, { env: environment });
    match(stderr, new RegExp(`^error ${code}:`, 'm'));
    ok(!stderr.includes(wrong) && !stderr.includes(env['AZURE_CLIENT_SECRET']!), stderr);
    equal(existsSync(bundle), false);
    if (code === 'KEY_SERVICE_REFUSED')
      notEqual(
        (await context.run('cosign', ['public-key', '--key', azurekms(name)], { env: environment })).code,
        0,
      );
  }
  const taken = ['generate-key-pair', '--kms', azurekms('good')];
  const { stderr } = await context.exits(USAGE, 'pratique', taken, { env, cwd: context.scratch() });
  match(stderr, /^error KEY_EXISTS/m);
}
