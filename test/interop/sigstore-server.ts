/** Keyless against our private Sigstore with the real cosign: trust by TUF, two people, images on our registry. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPem, formatPublicKey } from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import type { Context, Scenario } from '../support/context.ts';
import {
  alice,
  bob,
  initialize,
  type PrivateSigstore,
  startSigstore,
  token,
} from '../support/private-sigstore.ts';
import { run } from '../support/process.ts';
import type { TestImage } from '../support/registries.ts';
import { NONE_MATCHES } from '../support/signing.ts';

/** Exit code of an attestation that is there and does not count. */
const DENIED = 2;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const { env } = sigstore;
  const identity = (email: string) => [
    '--certificate-identity',
    email,
    '--certificate-oidc-issuer',
    `${sigstore.url}/oidc`,
  ];
  const file = join(context.scratch(), 'artifact');
  const sign = async (email: string, ...more: string[]): Promise<TestImage> => {
    const image = await context.image(context.ours);
    const args = ['sign', '--yes', '--allow-http-registry', '--identity-token', await token(sigstore, email)];
    await context.ok('cosign', [...args, ...more, image.pinned], { env });
    return image;
  };
  const cosignVerify = (image: TestImage, email: string) => [
    'verify',
    '--allow-http-registry',
    ...identity(email),
    image.pinned,
  ];
  const ourVerify = (image: TestImage, email: string) => [
    ...cosignVerify(image, email),
    '--trusted-root',
    sigstore.trustedRoot,
  ];

  return [
    {
      name: 'cosign initialize takes the trust from our TUF repository',
      run: () => initialize(context, sigstore),
    },
    {
      name: 'an image cosign signs is accepted by cosign and by us, for its signer only',
      run: async () => {
        const image = await sign(alice);
        await context.ok('cosign', cosignVerify(image, alice), { env });
        await context.ok('pratique', ourVerify(image, alice));
        notEqual((await context.run('cosign', cosignVerify(image, bob), { env })).code, 0);
        await context.exits(NONE_MATCHES, 'pratique', ourVerify(image, bob));
      },
    },
    {
      name: 'an image cosign signs with Rekor v2 is accepted by cosign and by us, and its entry is found by identity',
      run: async () => {
        const config = join(sigstore.directory, 'signing_config_rekor_v2.v0.2.json');
        const image = await sign(alice, '--signing-config', config);
        await context.ok('cosign', cosignVerify(image, alice), { env });
        await context.ok('pratique', ourVerify(image, alice));
        notEqual((await context.run('cosign', cosignVerify(image, bob), { env })).code, 0);
        await context.exits(NONE_MATCHES, 'pratique', ourVerify(image, bob));
        const search = new URLSearchParams({ identity: 'alice@*', limit: '1' });
        const response = await fetch(`${sigstore.url}/api/v1/search?${search}`);
        const { entries } = (await response.json()) as { entries: { log: string; body: string }[] };
        deepEqual(
          entries.map(({ log }) => log),
          ['rekor-v2'],
        );
      },
    },
    {
      name: 'an image nobody signed is accepted by neither',
      run: async () => {
        const image = await context.image(context.ours);
        notEqual((await context.run('cosign', cosignVerify(image, alice), { env })).code, 0);
        notEqual((await context.run('pratique', ourVerify(image, alice))).code, 0);
      },
    },
    {
      name: 'an attestation cosign makes is accepted by cosign and by us, for its signer only',
      run: async () => {
        const image = await context.image(context.ours);
        writeFileSync(file, '{"buildType":"test"}');
        const flags = ['--yes', '--allow-http-registry', '--predicate', file, '--type', 'custom'];
        const args = ['attest', ...flags, '--identity-token', await token(sigstore, bob), image.pinned];
        await context.ok('cosign', args, { env });
        const verify = (email: string) => [
          'verify-attestation',
          '--allow-http-registry',
          '--type',
          'custom',
          ...identity(email),
          image.pinned,
        ];
        const root = ['--trusted-root', sigstore.trustedRoot];
        await context.ok('cosign', verify(bob), { env });
        await context.ok('pratique', [...verify(bob), ...root]);
        notEqual((await context.run('cosign', verify(alice), { env })).code, 0);
        await context.exits(DENIED, 'pratique', [...verify(alice), ...root]);
      },
    },
    {
      name: 'a file cosign signs is accepted by both, another file by neither',
      run: async () => {
        writeFileSync(file, randomBytes(64));
        const bundle = `${file}.json`;
        const args = [
          'sign-blob',
          '--yes',
          '--bundle',
          bundle,
          '--identity-token',
          await token(sigstore, alice),
        ];
        await context.ok('cosign', [...args, file], { env });
        const verify = ['verify-blob', '--bundle', bundle, ...identity(alice), file];
        const ours = [...verify, '--trusted-root', sigstore.trustedRoot];
        await context.ok('cosign', verify, { env });
        await context.ok('pratique', ours);
        writeFileSync(file, randomBytes(64));
        notEqual((await context.run('cosign', verify, { env })).code, 0);
        notEqual((await context.run('pratique', ours)).code, 0);
      },
    },
    {
      name: 'a signature by a key is logged and found in Rekor by the hash of the file',
      run: async () => {
        writeFileSync(file, randomBytes(64));
        const { privateKey, publicKey } = await context.keyPair('cosign');
        const bundle = `${file}.json`;
        await context.ok('cosign', ['sign-blob', '--yes', '--key', privateKey, '--bundle', bundle, file], {
          env,
        });
        await context.ok('cosign', ['verify-blob', '--key', publicKey, '--bundle', bundle, file], { env });
        const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
        const response = await fetch(`${sigstore.url}/api/v1/index/retrieve`, {
          method: 'POST',
          body: JSON.stringify({ hash: `sha256:${hash}` }),
        });
        const uuids = (await response.json()) as string[];
        equal(uuids.length, 1);
        ok((await fetch(`${sigstore.url}/api/v1/log/entries/${uuids[0]}`)).ok);
      },
    },
    {
      name: 'rekor-cli finds, gets and verifies an entry, and the log itself, and no entry that is not there',
      run: async () => {
        writeFileSync(file, randomBytes(64));
        const { privateKey, publicKey } = await context.keyPair('cosign');
        const bundle = `${file}.json`;
        const sign = ['sign-blob', '--yes', '--key', privateKey, '--bundle', bundle, file];
        await context.ok('cosign', sign, { env });
        const content = JSON.parse(readFileSync(bundle, 'utf8')) as {
          messageSignature: { signature: string };
        };
        const signature = `${file}.sig`;
        writeFileSync(signature, Buffer.from(content.messageSignature.signature, 'base64'));
        const rekor = (...args: string[]) => [
          '--rekor_server',
          sigstore.url,
          '--store_tree_state=false',
          ...args,
        ];
        const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
        const found = await context.ok('rekor-cli', rekor('search', '--sha', hash));
        const [uuid] = /[0-9a-f]{80}/.exec(found) ?? [];
        ok(uuid, found);
        match(await context.ok('rekor-cli', rekor('get', '--uuid', uuid)), new RegExp(hash));
        const key = ['--pki-format', 'x509', '--public-key', publicKey];
        match(await context.ok('rekor-cli', rekor('search', ...key)), new RegExp(uuid));
        const verify = ['verify', '--type', 'hashedrekord', ...key, '--signature', signature];
        match(await context.ok('rekor-cli', rekor(...verify, '--artifact-hash', hash)), /Inclusion Proof/);
        const other = createHash('sha256').update('other').digest('hex');
        notEqual((await context.run('rekor-cli', rekor(...verify, '--artifact-hash', other))).code, 0);
        await context.ok('rekor-cli', rekor('loginfo'));
        const { treeSize } = (await (await fetch(`${sigstore.url}/api/v1/log`)).json()) as {
          treeSize: number;
        };
        ok(treeSize > 1, String(treeSize));
        const proof = await context.ok('rekor-cli', rekor('logproof', '--last-size', String(treeSize)));
        match(proof, /Current Root Hash: [0-9a-f]{64}/);
        const beyond = rekor('logproof', '--last-size', String(treeSize + 1));
        notEqual((await context.run('rekor-cli', beyond)).code, 0);
      },
    },
    {
      name: 'openssl verifies a timestamp',
      run: async () => {
        const directory = context.scratch();
        const inside = (name: string) => join(directory, name);
        writeFileSync(inside('data'), randomBytes(64));
        const openssl = async (...args: string[]) => {
          const result = await run('openssl', ['ts', ...args], { cwd: directory });
          equal(result.code, 0, result.stderr);
          return result.stdout;
        };
        await openssl('-query', '-data', 'data', '-sha256', '-cert', '-out', 'query');
        const response = await fetch(`${sigstore.url}/api/v1/timestamp`, {
          method: 'POST',
          headers: { 'content-type': 'application/timestamp-query' },
          body: readFileSync(inside('query')),
        });
        writeFileSync(inside('reply'), Buffer.from(await response.arrayBuffer()));
        const chain = await (await fetch(`${sigstore.url}/api/v1/timestamp/certchain`)).text();
        const [, root = ''] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
        writeFileSync(inside('root.pem'), root);
        await openssl('-verify', '-in', 'reply', '-queryfile', 'query', '-CAfile', 'root.pem');
        match(await openssl('-reply', '-in', 'reply', '-text'), /Policy OID: 1\.3\.6\.1\.4\.1\.57264\.2/);
      },
    },
    {
      name: 'cosign 2 and we trust what its variables name, and nothing else',
      run: async () => {
        const named = variablesFor(sigstore, context.scratch());
        const image = await context.image(context.ours);
        const services = ['--fulcio-url', sigstore.url, '--rekor-url', sigstore.url];
        const sign = ['sign', '--yes', '--allow-http-registry', '--use-signing-config=false', ...services];
        const signer = ['--identity-token', await token(sigstore, alice)];
        // No Sigstore was initialized here.
        const alone = { ...named, TUF_ROOT: join(context.scratch(), 'none') };
        const old = [...sign, '--new-bundle-format=false', ...signer, image.pinned];
        const other = { ...alone, SIGSTORE_REKOR_PUBLIC_KEY: named.SIGSTORE_CT_LOG_PUBLIC_KEY_FILE };
        // What a service says is not stored before it is checked.
        notEqual((await context.run('pratique', old, { env: other })).code, 0);
        for (const program of ['cosign2', 'pratique'] as const)
          await context.ok(program, old, { env: alone });
        for (const program of ['cosign2', 'pratique'] as const) {
          const flags = program === 'cosign2' ? ['--new-bundle-format=false'] : [];
          await context.ok(program, [...cosignVerify(image, alice), ...flags], { env: alone });
          for (const [email, env] of [
            [bob, alone],
            [alice, other],
          ] as const)
            notEqual(
              (await context.run(program, [...cosignVerify(image, email), ...flags], { env })).code,
              0,
            );
        }
      },
    },
    {
      name: 'after a restart with encrypted keys the same trust holds',
      run: async () => {
        const scratch = context.scratch();
        const directory = join(scratch, 'sigstore');
        mkdirSync(directory);
        const passphrase = join(scratch, 'passphrase');
        writeFileSync(passphrase, 'correct horse battery staple\n');
        const first = await startSigstore(context, directory, '0', '--passphrase-file', passphrase);
        await initialize(context, first);
        match(readFileSync(join(directory, 'keys', 'rekor.pem'), 'utf8'), /ENCRYPTED SIGSTORE PRIVATE KEY/);
        await first.server.stop();
        const port = new URL(first.url).port;
        const second = await startSigstore(context, directory, port, '--passphrase-file', passphrase);
        try {
          writeFileSync(file, randomBytes(64));
          const bundle = `${file}.json`;
          const options = { env: first.env };
          const args = [
            'sign-blob',
            '--yes',
            '--bundle',
            bundle,
            '--identity-token',
            await token(second, alice),
          ];
          await context.ok('cosign', [...args, file], options);
          const who = ['--certificate-identity', alice, '--certificate-oidc-issuer', `${second.url}/oidc`];
          await context.ok('cosign', ['verify-blob', '--bundle', bundle, ...who, file], options);
        } finally {
          await second.server.stop();
        }
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}

/** A Sigstore's trusted root in the files that cosign's variables name. */
function variablesFor({ trustedRoot }: PrivateSigstore, directory: string) {
  const root = parseTrustedRoot(readFileSync(trustedRoot));
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const [ca] = root.authorities;
  const chain = [...ca!.intermediates, ...ca!.anchors];
  return {
    SIGSTORE_ROOT_FILE: write('ca.pem', chain.map(({ der }) => formatPem('CERTIFICATE', der)).join('')),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: write('ctlog.pub', formatPublicKey(root.certificateLogs[0]!.key)),
    SIGSTORE_REKOR_PUBLIC_KEY: write('rekor.pub', formatPublicKey(root.logs[0]!.key)),
  };
}
