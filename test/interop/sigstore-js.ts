/** sigstore-js signs and verifies against our private Sigstore, both versions of Rekor; tuf-js takes our TUF repository. */
import { equal, notEqual, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context, Scenario } from '../support/context.ts';
import { alice, bob, startSigstore, token } from '../support/private-sigstore.ts';
import { type Result, run } from '../support/process.ts';
import { installSigstoreJs } from '../tools/sigstore-js.ts';

const client = fileURLToPath(new URL('../support/sigstore-js-client.mjs', import.meta.url));

export async function scenarios(context: Context): Promise<Scenario[]> {
  const env = { SIGSTORE_JS: installSigstoreJs() };
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const js = (...args: string[]): Promise<Result> => run(process.execPath, [client, ...args], { env });
  const works = async (...args: string[]): Promise<string> => {
    const result = await js(...args);
    equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  const artifact = () => {
    const file = join(context.scratch(), 'artifact');
    writeFileSync(file, randomBytes(64));
    return { file, bundle: `${file}.sigstore.json` };
  };
  const issuer = `${sigstore.url}/oidc`;
  const verify = (file: string, bundle: string, who: string) =>
    ['verify', file, bundle, sigstore.trustedRoot, who, issuer] as const;
  const ours = (file: string, bundle: string, who: string) => {
    const identity = ['--certificate-identity', who, '--certificate-oidc-issuer', issuer];
    return ['verify-blob', '--bundle', bundle, ...identity, '--trusted-root', sigstore.trustedRoot, file];
  };

  return [
    ...['1', '2'].map((version) => ({
      name: `what sigstore-js signs with Rekor v${version} is accepted by it and by us, for its signer and file only`,
      run: async () => {
        const { file, bundle } = artifact();
        await works('sign', file, bundle, sigstore.url, await token(sigstore, alice), version, 'message');
        await works(...verify(file, bundle, alice));
        await context.ok('pratique', ours(file, bundle, alice));
        notEqual((await js(...verify(file, bundle, bob))).code, 0);
        notEqual((await context.run('pratique', ours(file, bundle, bob))).code, 0);
        appendFileSync(file, 'x');
        notEqual((await js(...verify(file, bundle, alice))).code, 0);
        notEqual((await context.run('pratique', ours(file, bundle, alice))).code, 0);
      },
    })),
    ...['1', '2'].map((version) => ({
      name: `an envelope sigstore-js signs with Rekor v${version} is accepted by it`,
      run: async () => {
        const { file, bundle } = artifact();
        await works('sign', file, bundle, sigstore.url, await token(sigstore, alice), version, 'dsse');
        await works(...verify(file, bundle, alice));
        notEqual((await js(...verify(file, bundle, bob))).code, 0);
      },
    })),
    {
      name: 'tuf-js takes the trusted root from our repository, and goes on from what it has',
      run: async () => {
        const directory = context.scratch();
        const root = await fetch(`${sigstore.url}/tuf/1.root.json`);
        writeFileSync(join(directory, 'root.json'), await root.text());
        const expected = readFileSync(sigstore.trustedRoot, 'utf8');
        for (let i = 0; i < 2; i++) {
          equal(await works('tuf', directory, `${sigstore.url}/tuf`, 'trusted_root.json'), expected);
        }
        const other = join(context.scratch(), 'root.json');
        writeFileSync(other, JSON.stringify({ signed: {}, signatures: [] }));
        ok((await js('tuf', join(other, '..'), `${sigstore.url}/tuf`, 'trusted_root.json')).code !== 0);
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
