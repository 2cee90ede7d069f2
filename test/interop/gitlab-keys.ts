/** Key pairs in CI/CD variables of GitLab, made by cosign or by us and used by both; and in secrets of GitHub, which workflows read. */
import { equal, match, notEqual, ok } from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, PASSWORD, type Scenario } from '../support/context.ts';
import { githubToken, startGithub } from '../support/github.ts';
import { gitlabToken, startGitlab } from '../support/gitlab.ts';
import { NONE_MATCHES, SIGN_FLAGS } from '../support/signing.ts';

const USAGE = 3;
const AUTHENTICATION = 4;
const REGISTRY = ['--allow-http-registry'];

export function scenarios(context: Context): Scenario[] {
  return [
    ...(['team/app', 'team'] as const).flatMap((name) =>
      (['cosign', 'pratique'] as const).map((maker) => ({
        name: `a key pair that ${maker} makes in ${name === 'team' ? 'a group' : 'a project'} of GitLab signs for both, and each verifies the other`,
        run: () => signBoth(context, maker, name),
      })),
    ),
    ...(['team/app', 'team'] as const).flatMap((name) =>
      (['cosign', 'pratique'] as const).map((maker) => ({
        name: `a key pair that ${maker} makes in secrets of ${name === 'team' ? 'an organization' : 'a repository'} of GitHub is one that a workflow signs with, for both`,
        run: () => signInWorkflow(context, maker, name),
      })),
    ),
    {
      name: 'GitLab: a wrong token, no key and no project are said, and nothing is signed',
      run: () => refusals(context),
    },
  ];
}

async function signBoth(context: Context, maker: 'cosign' | 'pratique', name: string): Promise<void> {
  const { url } = await startGitlab('team/app', 'team');
  const env = { GITLAB_HOST: url, GITLAB_TOKEN: gitlabToken };
  const key = `gitlab://${name}`;
  const directory = context.scratch();
  await context.ok(maker, ['generate-key-pair', key], { env, cwd: directory });
  const again = await context.exits(USAGE, 'pratique', ['generate-key-pair', key], {
    env,
    cwd: context.scratch(),
  });
  match(again.stderr, /^error KEY_EXISTS/m);
  const pem = join(directory, 'cosign.pub');
  // The password is the one in GitLab, whatever this process has.
  const elsewhere = { env: { ...env, COSIGN_PASSWORD: 'another one' } };
  const printed = await context.ok('pratique', ['public-key', '--key', key], elsewhere);
  equal(printed.trim(), readFileSync(pem, 'utf8').trim());
  equal((await context.ok('cosign', ['public-key', '--key', key], elsewhere)).trim(), printed.trim());
  const verify = (by: string) => ['verify', '--insecure-ignore-tlog', ...REGISTRY, '--key', by];
  const { publicKey: stranger } = await context.keyPair('pratique');
  for (const signer of ['cosign', 'pratique'] as const) {
    const image = await context.image(context.ours);
    const how = signer === 'cosign' ? SIGN_FLAGS : REGISTRY;
    await context.ok(signer, ['sign', '--key', key, ...how, image.pinned], elsewhere);
    for (const verifier of ['cosign', 'pratique'] as const) {
      for (const by of [key, pem]) await context.ok(verifier, [...verify(by), image.pinned], { env });
      notEqual((await context.run(verifier, [...verify(stranger), image.pinned])).code, 0);
    }
    await context.exits(NONE_MATCHES, 'pratique', [...verify(stranger), image.pinned]);
  }
}

async function signInWorkflow(context: Context, maker: 'cosign' | 'pratique', name: string): Promise<void> {
  const { url, secrets } = await startGithub('team/app', 'team');
  const env = { GITHUB_HOST: url, GITHUB_TOKEN: githubToken };
  const directory = context.scratch();
  const make = ['generate-key-pair', `github://${name}`];
  await context.ok(maker, make, { env, cwd: directory });
  const again = await context.exits(USAGE, 'pratique', make, { env, cwd: context.scratch() });
  match(again.stderr, /^error KEY_EXISTS/m);
  const pem = join(directory, 'cosign.pub');
  equal(secrets.get(`${name} COSIGN_PUBLIC_KEY`)!.trim(), readFileSync(pem, 'utf8').trim());
  equal(secrets.get(`${name} COSIGN_PASSWORD`), PASSWORD);
  const workflow = { env: { COSIGN_PRIVATE_KEY: secrets.get(`${name} COSIGN_PRIVATE_KEY`)! } };
  for (const signer of ['cosign', 'pratique'] as const) {
    const image = await context.image(context.ours);
    const how = signer === 'cosign' ? SIGN_FLAGS : REGISTRY;
    await context.ok(signer, ['sign', '--key', 'env://COSIGN_PRIVATE_KEY', ...how, image.pinned], workflow);
    const verify = ['verify', '--insecure-ignore-tlog', ...REGISTRY, '--key', pem, image.pinned];
    for (const verifier of ['cosign', 'pratique'] as const) await context.ok(verifier, verify);
  }
}

async function refusals(context: Context): Promise<void> {
  const { url } = await startGitlab('team/app', 'team');
  const env = { GITLAB_HOST: url, GITLAB_TOKEN: gitlabToken };
  const directory = context.scratch();
  const file = join(directory, 'file');
  writeFileSync(file, 'to sign');
  const wrong = 'glpat-of-somebody-else';
  for (const [key, code, exit, environment] of [
    ['gitlab://team/app', 'KEY_NOT_FOUND', USAGE, env],
    ['gitlab://nobody', 'KEY_NOT_FOUND', USAGE, env],
    ['gitlab://team/app', 'KEY_SERVICE_REFUSED', AUTHENTICATION, { ...env, GITLAB_TOKEN: wrong }],
    ['gitlab://team/app', 'KEY_SERVICE_CONFIG', USAGE, { GITLAB_HOST: url }],
  ] as const) {
    const args = ['sign-blob', '--key', key, '--bundle', join(directory, 'bundle'), file];
    const { stderr } = await context.exits(exit, 'pratique', args, { env: environment });
    match(stderr, new RegExp(`^error ${code}:`, 'm'));
    ok(!stderr.includes(wrong) && !stderr.includes(gitlabToken) && !stderr.includes(PASSWORD), stderr);
    equal(existsSync(join(directory, 'bundle')), false);
    notEqual((await context.run('cosign', ['public-key', '--key', key], { env: environment })).code, 0);
  }
}
