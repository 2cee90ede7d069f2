/** Keys in AWS KMS, used by cosign and by us: local-kms, behind a look at the credentials of who asks. */
import { equal, match, notEqual, ok } from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Aws, newAwsKey, region, startAws } from '../support/aws.ts';
import type { Context, Scenario } from '../support/context.ts';
import { keyServiceScenarios } from '../support/key-signing.ts';
import { NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';

const USAGE = 3;
const AUTHENTICATION = 4;

const awskms = (name: string) => `awskms:///alias/${name}`;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const aws = await startAws(context);
  return [
    ...keyServiceScenarios(context, {
      name: 'AWS KMS',
      reference: awskms,
      env: aws.env,
      make: (reference) => ['generate-key-pair', '--kms', reference],
      missing: /KEY_NOT_FOUND/,
    }),
    ...Object.keys(specs).map((spec) => ({
      name: `AWS KMS: a key ${spec} signs for each that can, and each verifies the other, by its id, ARN and alias`,
      run: () => signWithAws(context, aws, spec),
    })),
    {
      name: 'AWS KMS: credentials of a profile, a web identity, a container and a machine are found by both',
      run: () => credentialsOfAws(context, aws),
    },
    {
      name: 'AWS KMS: an endpoint in the reference is asked over TLS, trusted with AWS_CA_BUNDLE and not without',
      run: () => endpointOfAws(context, aws),
    },
    {
      name: 'AWS KMS: wrong and missing credentials, disabled keys and others that do not sign: each is said, and nothing is signed',
      run: () => refusalsOfAws(context, aws),
    },
    { name: 'AWS KMS: a key that is there is not made again', run: () => existingInAws(context, aws) },
  ];
}

/**
 * The kinds of keys that sign. cosign signs RSA as KMS names it first, which is PSS here, and then takes nothing else by the key
 * in KMS, and nobody takes that by the public key.
 */
const specs: Readonly<
  Record<
    string,
    {
      readonly signers: readonly ('cosign' | 'pratique')[];
      /** What cosign must be told of signatures by the public key, where it is not SHA-256. */
      readonly flags?: readonly string[];
      readonly cosignVerifiesByName: boolean;
    }
  >
> = {
  ECC_NIST_P256: { signers: ['cosign', 'pratique'], cosignVerifiesByName: true },
  ECC_NIST_P384: {
    signers: ['cosign', 'pratique'],
    flags: ['--signature-digest-algorithm', 'sha384'],
    cosignVerifiesByName: true,
  },
  ECC_NIST_P521: {
    signers: ['cosign', 'pratique'],
    flags: ['--signature-digest-algorithm', 'sha512'],
    cosignVerifiesByName: true,
  },
  RSA_2048: { signers: ['pratique'], cosignVerifiesByName: false },
  RSA_4096: { signers: ['pratique'], cosignVerifiesByName: false },
};

async function signWithAws(context: Context, aws: Aws, spec: string): Promise<void> {
  const { env } = aws;
  const { signers, flags = [], cosignVerifiesByName } = specs[spec]!;
  const { id, arn } = await newAwsKey(aws, spec, spec);
  const pem = join(context.scratch(), 'key.pub');
  const names = [`awskms:///${id}`, `awskms:///${arn}`, awskms(spec)];
  for (const name of names) {
    const printed = await context.ok('pratique', ['public-key', '--key', name], { env });
    equal((await context.ok('cosign', ['public-key', '--key', name], { env })).trim(), printed.trim());
    writeFileSync(pem, printed);
  }
  await newAwsKey(aws, `other-${spec}`, spec);
  const registry = ['--allow-http-registry'];
  const verify = (key: string) => ['verify', '--insecure-ignore-tlog', ...registry, '--key', key];
  for (const signer of signers) {
    const image = await context.image(context.ours);
    const how = signer === 'cosign' ? SIGN_FLAGS : registry;
    await context.ok(signer, ['sign', '--key', names[1]!, ...how, image.pinned], { env });
    for (const name of names) {
      await context.ok('pratique', [...verify(name), image.pinned], { env });
      const byCosign = await context.run('cosign', [...verify(name), image.pinned], { env });
      equal(byCosign.code === 0, cosignVerifiesByName, byCosign.stderr);
    }
    await context.ok('pratique', [...verify(pem), image.pinned]);
    await context.ok('cosign', [...verify(pem), ...flags, image.pinned]);
    const other = [...verify(awskms(`other-${spec}`)), image.pinned];
    await context.exits(NONE_MATCHES, 'pratique', other, { env });
    notEqual((await context.run('cosign', other, { env })).code, 0);
  }
}

async function credentialsOfAws(context: Context, aws: Aws): Promise<void> {
  await newAwsKey(aws, 'ways', 'ECC_NIST_P256');
  const directory = context.scratch();
  const file = join(directory, 'file');
  writeFileSync(file, 'to sign');
  for (const [way, env] of Object.entries(aws.ways)) {
    const printed: string[] = [];
    for (const program of ['cosign', 'pratique'] as const)
      printed.push((await context.ok(program, ['public-key', '--key', awskms('ways')], { env })).trim());
    equal(printed[0], printed[1], way);
    const bundle = join(directory, way.replaceAll(' ', '-'));
    await context.ok('pratique', ['sign-blob', '--key', awskms('ways'), '--bundle', bundle, file], { env });
    const verify = [
      'verify-blob',
      '--insecure-ignore-tlog',
      '--key',
      awskms('ways'),
      '--bundle',
      bundle,
      file,
    ];
    await context.ok('cosign', verify, { env });
  }
}

async function endpointOfAws(context: Context, aws: Aws): Promise<void> {
  await newAwsKey(aws, 'secured', 'ECC_NIST_P256');
  const { AWS_ENDPOINT_URL: _, ...env } = aws.env as Record<string, string>;
  const args = ['public-key', '--key', `awskms://${aws.secureHost}/alias/secured`];
  const trusting = { env: { ...env, AWS_CA_BUNDLE: aws.ca } };
  const printed = await context.ok('pratique', args, trusting);
  equal((await context.ok('cosign', args, trusting)).trim(), printed.trim());
  const refused = await context.exits(1, 'pratique', args, { env });
  match(refused.stderr, /^error KEY_SERVICE_UNREACHABLE/m);
  notEqual((await context.run('cosign', args, { env: { ...env, AWS_MAX_ATTEMPTS: '1' } })).code, 0);
}

async function refusalsOfAws(context: Context, aws: Aws): Promise<void> {
  const { env } = aws;
  await newAwsKey(aws, 'good', 'ECC_NIST_P256');
  const { id } = await newAwsKey(aws, 'disabled', 'ECC_NIST_P256');
  await aws.call('DisableKey', { KeyId: id });
  await newAwsKey(aws, 'symmetric', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');
  await newAwsKey(aws, 'encrypting', 'RSA_2048', 'ENCRYPT_DECRYPT');
  await newAwsKey(aws, 'bitcoin', 'ECC_SECG_P256K1');
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...nobody } = env as Record<string, string>;
  const wrong = 'wrong'.repeat(8);
  const file = join(context.scratch(), 'file');
  writeFileSync(file, 'to sign');
  const elsewhere = { ...env, AWS_REGION: 'us-east-1' };
  for (const [name, code, exit, environment] of [
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { ...env, AWS_SECRET_ACCESS_KEY: wrong }],
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { ...env, AWS_SESSION_TOKEN: wrong }],
    ['good', 'KEY_SERVICE_REFUSED', AUTHENTICATION, elsewhere],
    ['good', 'KEY_CREDENTIALS_MISSING', AUTHENTICATION, nobody],
    ['disabled', 'KEY_DISABLED', USAGE, env],
    ['symmetric', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
    ['encrypting', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
    ['bitcoin', 'KEY_MECHANISM_UNSUPPORTED', USAGE, env],
  ] as const) {
    const bundle = join(context.scratch(), 'bundle');
    const args = ['sign-blob', '--key', awskms(name), '--bundle', bundle, file];
    const { stderr } = await context.exits(exit, 'pratique', args, { env: environment });
    match(stderr, new RegExp(`^error ${code}:`, 'm'));
    ok(!stderr.includes(wrong) && !stderr.includes(env['AWS_SECRET_ACCESS_KEY']!), stderr);
    equal(existsSync(bundle), false);
    // cosign is let in by the same credentials only.
    if (code === 'KEY_SERVICE_REFUSED' || code === 'KEY_CREDENTIALS_MISSING')
      notEqual(
        (await context.run('cosign', ['public-key', '--key', awskms(name)], { env: environment })).code,
        0,
      );
  }
}

async function existingInAws(context: Context, aws: Aws): Promise<void> {
  const { arn } = await newAwsKey(aws, 'taken', 'ECC_NIST_P256');
  const make = (reference: string) => ['generate-key-pair', '--kms', reference];
  const options = () => ({ env: aws.env, cwd: context.scratch() });
  const taken = await context.exits(USAGE, 'pratique', make(awskms('taken')), options());
  match(taken.stderr, /^error KEY_EXISTS/m);
  const unnamed = await context.exits(USAGE, 'pratique', make(`awskms:///${arn}`), options());
  match(unnamed.stderr, /^error KEY_REFERENCE_INVALID/m);
  ok(arn.includes(region));
}
