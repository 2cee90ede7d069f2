/** sigstore-python signs and verifies against our private Sigstore, both versions of Rekor, and what it and we sign is one. */
import { notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Program, Scenario } from '../support/context.ts';
import { alice, bob, identity, startSigstore, token } from '../support/private-sigstore.ts';
import { installPythonPackages } from '../tools/python.ts';

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const PYTHONPATH = await installPythonPackages();
  const home = context.scratch();
  const options = {
    env: { PYTHONPATH, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') },
  };
  const python: Program = ['python3', '-m', 'sigstore'];
  const issuer = `${sigstore.url}/oidc`;

  /** sigstore-python takes trusted root and signing configuration in one file. */
  const trustConfig = (signingConfig: string): string[] => {
    const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
    const file = join(context.scratch(), 'trust.json');
    const config = {
      mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
      trustedRoot: read(sigstore.trustedRoot),
      signingConfig: read(signingConfig),
    };
    writeFileSync(file, JSON.stringify(config));
    return ['--trust-config', file];
  };
  const configs = { 1: trustConfig(sigstore.signingConfig), 2: trustConfig(sigstore.signingConfigRekorV2) };
  const verifyBlob = ['verify-blob'];
  const verifyAttestation = ['verify-blob-attestation', '--type', 'slsaprovenance1'];
  const artifact = () => {
    const file = join(context.scratch(), 'artifact');
    writeFileSync(file, randomBytes(64));
    return { file, bundle: `${file}.sigstore.json` };
  };
  const theirs = (trust: readonly string[], file: string, bundle: string, who: string) => {
    const whose = ['--cert-identity', who, '--cert-oidc-issuer', issuer];
    return [...trust, 'verify', 'identity', '--bundle', bundle, ...whose, file];
  };
  const ours = (command: readonly string[], file: string, bundle: string, who: string) => {
    const trust = ['--trusted-root', sigstore.trustedRoot];
    return [...command, '--bundle', bundle, ...identity(sigstore, who), ...trust, file];
  };
  /** Accepted by both, for the signer and the file only. */
  const isGood = async (command: readonly string[], file: string, bundle: string) => {
    await context.ok(python, theirs(configs[1], file, bundle, alice), options);
    await context.ok('pratique', ours(command, file, bundle, alice));
    notEqual((await context.run(python, theirs(configs[1], file, bundle, bob), options)).code, 0);
    notEqual((await context.run('pratique', ours(command, file, bundle, bob))).code, 0);
    appendFileSync(file, 'x');
    notEqual((await context.run(python, theirs(configs[1], file, bundle, alice), options)).code, 0);
    notEqual((await context.run('pratique', ours(command, file, bundle, alice))).code, 0);
  };

  return [
    ...([1, 2] as const).flatMap((version) => [
      {
        name: `what sigstore-python signs with Rekor v${version} is accepted by it and by us`,
        run: async () => {
          const { file, bundle } = artifact();
          const who = ['--identity-token', await token(sigstore, alice)];
          await context.ok(python, [...configs[version], 'sign', ...who, '--bundle', bundle, file], options);
          await isGood(verifyBlob, file, bundle);
        },
      },
      {
        name: `what sigstore-python attests with Rekor v${version} is accepted by it and by us`,
        run: async () => {
          const { file, bundle } = artifact();
          const predicate = join(context.scratch(), 'predicate.json');
          const builder = { id: 'https://builder.example.test' };
          writeFileSync(
            predicate,
            JSON.stringify({
              buildDefinition: { buildType: 'https://type.example.test', externalParameters: { a: 1 } },
              runDetails: { builder },
            }),
          );
          const type = 'https://slsa.dev/provenance/v1';
          const flags = ['--predicate', predicate, '--predicate-type', type, '--bundle', bundle];
          const who = ['--identity-token', await token(sigstore, alice)];
          await context.ok(python, [...configs[version], 'attest', ...who, ...flags, file], options);
          await isGood(verifyAttestation, file, bundle);
        },
      },
      {
        name: `what we sign with Rekor v${version} is accepted by sigstore-python`,
        run: async () => {
          const { file, bundle } = artifact();
          const config = version === 1 ? sigstore.signingConfig : sigstore.signingConfigRekorV2;
          const trust = ['--signing-config', config, '--trusted-root', sigstore.trustedRoot];
          const who = ['--identity-token', await token(sigstore, alice)];
          await context.ok('pratique', ['sign-blob', '--yes', ...who, ...trust, '--bundle', bundle, file]);
          await isGood(verifyBlob, file, bundle);
        },
      },
    ]),
    {
      name: 'sigstore-python takes its trust from our TUF repository, and signs and verifies with it',
      run: async () => {
        const root = join(context.scratch(), 'root.json');
        writeFileSync(root, await (await fetch(`${sigstore.url}/tuf/1.root.json`)).text());
        const instance = ['--instance', `${sigstore.url}/tuf`];
        await context.ok(python, [...instance, 'trust-instance', root], options);
        const { file, bundle } = artifact();
        const who = ['--identity-token', await token(sigstore, alice)];
        await context.ok(python, [...instance, 'sign', ...who, '--bundle', bundle, file], options);
        await context.ok(python, theirs(instance, file, bundle, alice), options);
        notEqual((await context.run(python, theirs(instance, file, bundle, bob), options)).code, 0);
        await context.ok('pratique', ours(verifyBlob, file, bundle, alice));
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
