/** Keys in Google Cloud KMS, used by cosign, over Google's gRPC, and by us: a service with real keys, at Google's names. */
import { equal, match, notEqual } from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import { type Google, keyRing, newGoogleKey, startGoogle } from '../support/google.ts';
import { keyServiceScenarios } from '../support/key-signing.ts';
import { NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';

const USAGE = 3;
const AUTHENTICATION = 4;
const REGISTRY = ['--allow-http-registry'];

const gcpkms = (name: string) => `gcpkms://${keyRing}/cryptoKeys/${name}`;

/** Algorithms that sign, and what cosign must be told of signatures by the public key, where it is not SHA-256. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  EC_SIGN_P256_SHA256: [],
  EC_SIGN_P384_SHA384: ['--signature-digest-algorithm', 'sha384'],
  RSA_SIGN_PKCS1_2048_SHA256: [],
  RSA_SIGN_PKCS1_4096_SHA256: [],
};

export async function scenarios(context: Context): Promise<Scenario[]> {
  const google = await startGoogle(context);
  return [
    ...keyServiceScenarios(context, {
      name: 'Google Cloud KMS',
      reference: gcpkms,
      env: google.env,
      make: (reference) => ['generate-key-pair', '--kms', reference],
      missing: /KEY_NOT_FOUND/,
    }),
    ...Object.keys(algorithms).map((algorithm) => ({
      name: `a key ${algorithm} in Google Cloud KMS signs for both programs, and each verifies the other`,
      run: () => signImages(context, google, algorithm),
    })),
    {
      name: 'a key in Google Cloud KMS with eleven versions signs under the newest that is enabled, or the one that is named',
      run: () => rotate(context, google),
    },
    {
      name: 'credentials for Google Cloud of a service account, a workload identity and a machine are found by both',
      run: () => credentials(context, google),
    },
    {
      name: 'Google Cloud: a wrong token, disabled versions and algorithms that nobody verifies: each is said, and nothing is signed',
      run: () => refusals(context, google),
    },
  ];
}

async function signImages(context: Context, google: Google, algorithm: string): Promise<void> {
  const { env } = google;
  const flags = algorithms[algorithm]!;
  await newGoogleKey(google, algorithm, algorithm);
  await newGoogleKey(google, `other-${algorithm}`, algorithm);
  const pem = join(context.scratch(), 'key.pub');
  const key = gcpkms(algorithm);
  const printed = await context.ok('pratique', ['public-key', '--key', key], { env });
  equal((await context.ok('cosign', ['public-key', '--key', key], { env })).trim(), printed.trim());
  writeFileSync(pem, printed);
  const verify = (by: string) => ['verify', '--insecure-ignore-tlog', ...REGISTRY, '--key', by];
  for (const signer of ['cosign', 'pratique'] as const) {
    const image = await context.image(context.ours);
    const how = signer === 'cosign' ? SIGN_FLAGS : REGISTRY;
    await context.ok(signer, ['sign', '--key', key, ...how, image.pinned], { env });
    for (const verifier of ['cosign', 'pratique'] as const) {
      await context.ok(verifier, [...verify(key), image.pinned], { env });
      await context.ok(verifier, [...verify(pem), ...(verifier === 'cosign' ? flags : []), image.pinned]);
    }
    const other = [...verify(gcpkms(`other-${algorithm}`)), image.pinned];
    await context.exits(NONE_MATCHES, 'pratique', other, { env });
    notEqual((await context.run('cosign', other, { env })).code, 0);
  }
}

/** cosign takes the first that is listed by name, so that 9 comes before 11. */
async function rotate(context: Context, google: Google): Promise<void> {
  const { env } = google;
  await newGoogleKey(google, 'rotated', 'EC_SIGN_P256_SHA256');
  const versions = `${keyRing}/cryptoKeys/rotated/cryptoKeyVersions`;
  for (let version = 2; version <= 11; version++) await google.ask('POST', versions, {});
  const key = gcpkms('rotated');
  const printed = async (program: 'cosign' | 'pratique', name: string) =>
    (await context.ok(program, ['public-key', '--key', name], { env })).trim();
  for (const version of [`${key}/cryptoKeyVersions/2`, `${key}/versions/9`, `${key}/versions/11`])
    equal(await printed('pratique', version), await printed('cosign', version));
  equal(await printed('pratique', key), await printed('cosign', `${key}/versions/11`));
  await google.ask('PATCH', `${versions}/11?updateMask=state`, { state: 'DISABLED' });
  equal(await printed('pratique', key), await printed('cosign', `${key}/versions/10`));
  const file = join(context.scratch(), 'file');
  writeFileSync(file, 'to sign');
  const bundle = join(context.scratch(), 'bundle');
  await context.ok('pratique', ['sign-blob', '--key', `${key}/versions/3`, '--bundle', bundle, file], {
    env,
  });
  const verify = (by: string) => [
    'verify-blob',
    '--insecure-ignore-tlog',
    '--key',
    by,
    '--bundle',
    bundle,
    file,
  ];
  for (const verifier of ['cosign', 'pratique'] as const) {
    await context.ok(verifier, verify(`${key}/versions/3`), { env });
    notEqual((await context.run(verifier, verify(`${key}/versions/4`), { env })).code, 0);
  }
}

async function credentials(context: Context, google: Google): Promise<void> {
  await newGoogleKey(google, 'ways', 'EC_SIGN_P256_SHA256');
  const args = ['public-key', '--key', gcpkms('ways')];
  for (const [way, env] of Object.entries(google.ways)) {
    const printed = await context.ok('pratique', args, { env });
    equal((await context.ok('cosign', args, { env })).trim(), printed.trim(), way);
  }
}

async function refusals(context: Context, google: Google): Promise<void> {
  const { env } = google;
  await newGoogleKey(google, 'good', 'EC_SIGN_P256_SHA256');
  await newGoogleKey(google, 'disabled', 'EC_SIGN_P256_SHA256');
  const version = `${keyRing}/cryptoKeys/disabled/cryptoKeyVersions/1`;
  await google.ask('PATCH', `${version}?updateMask=state`, { state: 'DISABLED' });
  await newGoogleKey(google, 'pss', 'RSA_SIGN_PSS_2048_SHA256');
  await newGoogleKey(google, 'long', 'RSA_SIGN_PKCS1_4096_SHA512');
  const directory = context.scratch();
  const [file, user] = [join(directory, 'file'), join(directory, 'user.json')];
  writeFileSync(file, 'to sign');
  const credentials = {
    type: 'authorized_user',
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'of somebody else',
  };
  writeFileSync(user, JSON.stringify(credentials));
  for (const [name, code, exit, environment] of [
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { ...env, GOOGLE_APPLICATION_CREDENTIALS: user }],
    // Nothing listens there.
    [
      'good',
      'KEY_CREDENTIALS_MISSING',
      AUTHENTICATION,
      { ...env, GOOGLE_APPLICATION_CREDENTIALS: '', GCE_METADATA_HOST: '127.0.0.1:9' },
    ],
    ['disabled', 'KEY_DISABLED', USAGE, env],
    ['disabled/versions/1', 'KEY_DISABLED', USAGE, env],
    ['pss', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
    ['long', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
  ] as const) {
    const args = ['sign-blob', '--key', gcpkms(name), '--bundle', join(directory, 'bundle'), file];
    const { stderr } = await context.exits(exit, 'pratique', args, { env: environment });
    match(stderr, new RegExp(`^error ${code}:`, 'm'));
    equal(stderr.includes('of somebody else'), false);
    equal(existsSync(join(directory, 'bundle')), false);
    if (code === 'KEY_SERVICE_REFUSED')
      notEqual(
        (await context.run('cosign', ['public-key', '--key', gcpkms(name)], { env: environment })).code,
        0,
      );
  }
  const taken = ['generate-key-pair', '--kms', gcpkms('good')];
  const { stderr } = await context.exits(USAGE, 'pratique', taken, { env, cwd: directory });
  match(stderr, /^error KEY_EXISTS/m);
}
