/** Trusted roots, signing configurations and bundles: made by either program from the same, and used by both. */
import { deepEqual, match, notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Program, Scenario } from '../support/context.ts';
import { alice, bob, identity, initialize, startSigstore, token } from '../support/private-sigstore.ts';

const programs = ['cosign', 'pratique'] as const;

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const { env, url } = sigstore;
  await initialize(context, sigstore);
  const directory = context.scratch();
  const inside = (name: string) => join(directory, name);
  const root = JSON.parse(readFileSync(sigstore.trustedRoot, 'utf8'));
  const pem = (label: string, rawBytes: string) =>
    `-----BEGIN ${label}-----\n${rawBytes.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
  const write = (name: string, label: string, ...rawBytes: string[]) =>
    writeFileSync(inside(name), rawBytes.map((bytes) => pem(label, bytes)).join(''));
  const chain = (authority: { certChain: { certificates: { rawBytes: string }[] } }) =>
    authority.certChain.certificates.map(({ rawBytes }) => rawBytes);
  write('ca.pem', 'CERTIFICATE', ...chain(root.certificateAuthorities[0]));
  write('tsa.pem', 'CERTIFICATE', ...chain(root.timestampAuthorities[0]));
  write('rekor.pub', 'PUBLIC KEY', root.tlogs[0].publicKey.rawBytes);
  write('ctfe.pub', 'PUBLIC KEY', root.ctlogs[0].publicKey.rawBytes);
  writeFileSync(inside('file'), randomBytes(64));
  const start = 'start-time=2020-01-01T00:00:00Z';
  const json = async (program: Program, args: readonly string[]) =>
    JSON.parse(await context.ok(program, args, { env, cwd: directory }));
  const verifyBlob = (bundle: string, email: string, ...more: string[]) => [
    'verify-blob',
    '--bundle',
    bundle,
    ...identity(sigstore, email),
    ...more,
    'file',
  ];
  const accepted = async (bundle: string, ...more: string[]) => {
    for (const program of programs) {
      await context.ok(program, verifyBlob(bundle, alice, ...more), { env, cwd: directory });
      notEqual(
        (await context.run(program, verifyBlob(bundle, bob, ...more), { env, cwd: directory })).code,
        0,
      );
    }
  };
  const signed = async (name: string) => {
    const args = [
      'sign-blob',
      '--yes',
      '--bundle',
      name,
      '--identity-token',
      await token(sigstore, alice),
      'file',
    ];
    await context.ok('cosign', args, { env, cwd: directory });
    return JSON.parse(readFileSync(inside(name), 'utf8'));
  };

  return [
    {
      name: 'trusted-root create makes what cosign makes, and both verify with it',
      run: async () => {
        const args = ['trusted-root', 'create', '--fulcio', `url=${url},certificate-chain=ca.pem`];
        args.push('--rekor', `url=${url},public-key=rekor.pub,${start}`);
        args.push('--ctfe', `url=${url},public-key=ctfe.pub,${start},end-time=2099-01-01T00:00:00Z`);
        args.push('--tsa', `url=${url}/api/v1/timestamp,certificate-chain=tsa.pem`);
        const ours = await json('pratique', args);
        deepEqual(ours, await json('cosign', args));
        writeFileSync(inside('root.json'), JSON.stringify(ours));
        await signed('created.json');
        await accepted('created.json', '--trusted-root', 'root.json');
      },
    },
    {
      name: 'trusted-root create with the older flags makes what cosign 3 and cosign 2 make, and both verify with it',
      run: async () => {
        const create = ['trusted-root', 'create'];
        const authority = ['--certificate-chain', 'ca.pem'];
        const certificateLog = ['--ctfe-key', 'ctfe.pub'];
        const log = ['--rekor-key', 'rekor.pub'];
        const stamps = ['--timestamp-certificate-chain', 'tsa.pem'];
        const sometime = ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00+02:00'] as const;
        const dated = (kind: string, ...times: readonly string[]) =>
          times.flatMap((time, end) => [`--${kind}-${end === 0 ? 'start' : 'end'}-time`, time]);
        const whole = [
          ...[...authority, '--fulcio-uri', url, ...certificateLog, '--ctfe-url', url],
          ...[...dated('ctfe', ...sometime), ...log, '--rekor-url', url, ...dated('rekor', ...sometime)],
          ...[...stamps, '--timestamp-uri', `${url}/api/v1/timestamp`],
        ];
        for (const args of [
          [...authority, ...certificateLog, ...log, ...stamps],
          whole,
          [...authority, ...authority, '--fulcio-uri', url, ...stamps, ...stamps],
          [...log, '--rekor-key', 'ctfe.pub,rekor.example.test', '--rekor-url', url],
          [
            ...dated('rekor', sometime[0]),
            ...log,
            '--rekor-key',
            'ctfe.pub',
            '--rekor-url',
            'https://a.test',
          ],
        ]) {
          const ours = inOrder(await json('pratique', [...create, ...args]));
          for (const cosign of ['cosign', 'cosign2'] as const)
            deepEqual(ours, inOrder(await json(cosign, [...create, ...args])), args.join(' '));
        }
        writeFileSync(inside('older.json'), JSON.stringify(await json('pratique', [...create, ...whole])));
        await signed('by-older.json');
        await accepted('by-older.json', '--trusted-root', 'older.json');
        // Without addresses, too: this log's entries are not tied to one.
        const bare = [...create, ...authority, ...certificateLog, ...log, ...stamps];
        writeFileSync(inside('bare.json'), JSON.stringify(await json('cosign', bare)));
        await accepted('by-older.json', '--trusted-root', 'bare.json');
        const mixed = [...create, ...log, '--rekor', `url=${url},public-key=rekor.pub,${start}`];
        for (const program of programs)
          notEqual((await context.run(program, mixed, { env, cwd: directory })).code, 0, program);
      },
    },
    {
      name: 'trusted-root create --with-default-services takes what was initialized',
      run: async () => {
        const args = ['trusted-root', 'create', '--with-default-services', '--no-default-tsa'];
        // cosign lists logs in an order of chance, and names authorities, for people only, by their roots.
        const theirs = inOrder(await json('cosign', args));
        deepEqual(inOrder(await json('pratique', args)), theirs);
        deepEqual(inOrder(await json('pratique', [...args, '--offline'])), theirs);
      },
    },
    {
      name: 'signing-config create makes what cosign makes',
      run: async () => {
        const service = (port: number) =>
          `url=https://s${port}.example,api-version=1,${start},operator=example`;
        const args = [
          'signing-config',
          'create',
          '--fulcio',
          service(1),
          '--rekor',
          service(2),
          '--rekor',
          service(3),
        ];
        args.push(
          '--rekor-config',
          'EXACT:2',
          '--oidc-provider',
          service(4),
          '--tsa',
          service(5),
          '--tsa-config',
          'ANY',
        );
        deepEqual(await json('pratique', args), await json('cosign', args));
        const base = [
          'signing-config',
          'create',
          '--base-config',
          sigstore.signingConfig,
          '--no-default-tsa',
        ];
        const changed = [...base, '--rekor', service(2), '--rekor-config', 'ALL'];
        const { tsaConfig: _, ...theirs } = await json('cosign', changed);
        deepEqual(await json('pratique', changed), theirs);
      },
    },
    {
      name: 'bundle inspect shows what cosign shows',
      run: async () => {
        await signed('inspected.json');
        const args = ['bundle', 'inspect', 'inspected.json'];
        // Without roots cosign shows ids of logs, with them their addresses.
        const bare = { env: { TUF_ROOT: inside('none'), TUF_MIRROR: 'http://127.0.0.1:1' }, cwd: directory };
        deepEqual(await context.ok('pratique', args, bare), await context.ok('cosign', args, bare));
      },
    },
    {
      name: 'bundle upgrade fetches the proof that a bundle of version 0.1 lacks, and takes no other entry for it',
      run: async () => {
        const bundle = await signed('current.json');
        const { verificationMaterial: material } = bundle;
        const { inclusionProof: _, ...entry } = material.tlogEntries[0];
        const chained = {
          x509CertificateChain: { certificates: [material.certificate] },
          tlogEntries: [entry],
        };
        const old = {
          ...bundle,
          mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
          verificationMaterial: chained,
        };
        writeFileSync(inside('old.json'), JSON.stringify(old));
        const upgrade = ['bundle', 'upgrade', '--rekor-url', url, '--out', 'new.json'];
        await context.ok('pratique', [...upgrade, 'old.json'], { cwd: directory });
        match(readFileSync(inside('new.json'), 'utf8'), /bundle\.v0\.3\+json/);
        await accepted('new.json', '--trusted-root', sigstore.trustedRoot);
        const [other] = (await signed('other.json')).verificationMaterial.tlogEntries;
        chained.tlogEntries = [{ ...entry, logIndex: other.logIndex }];
        writeFileSync(inside('forged.json'), JSON.stringify(old));
        const { stderr } = await context.exits(2, 'pratique', [...upgrade, 'forged.json'], {
          cwd: directory,
        });
        match(stderr, /LOG_ENTRY_MISMATCH/);
      },
    },
    {
      name: 'bundle create makes a bundle of what cosign 2 wrote, and finds the entry of a bare signature',
      run: async () => {
        const { verificationMaterial: material, messageSignature } = await signed('parts.json');
        const [entry] = material.tlogEntries;
        const certificate = pem('CERTIFICATE', material.certificate.rawBytes);
        writeFileSync(
          inside('cosign2.json'),
          JSON.stringify({
            base64Signature: messageSignature.signature,
            cert: Buffer.from(certificate).toString('base64'),
            rekorBundle: {
              SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
              Payload: {
                body: entry.canonicalizedBody,
                integratedTime: Number(entry.integratedTime),
                logIndex: Number(entry.logIndex),
                logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
              },
            },
          }),
        );
        const create = ['bundle', 'create', '--artifact', 'file', '--rekor-url', url, '--out'];
        const options = { cwd: directory };
        await context.ok('pratique', [...create, 'a.json', '--bundle', 'cosign2.json'], options);
        writeFileSync(inside('signature'), messageSignature.signature);
        writeFileSync(inside('certificate'), certificate);
        const parts = ['--signature', 'signature', '--certificate', 'certificate'];
        await context.ok('pratique', [...create, 'b.json', ...parts], options);
        for (const name of ['a.json', 'b.json']) await accepted(name, '--trusted-root', sigstore.trustedRoot);
        writeFileSync(inside('unsigned'), 'another file');
        const other = ['bundle', 'create', '--artifact', 'unsigned', '--rekor-url', url];
        await context.exits(1, 'pratique', [...other, ...parts], options);
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}

function inOrder(root: Record<string, unknown>): unknown {
  const lists = Object.entries(root).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(({ subject: _, ...item }) => JSON.stringify(item)).sort() : value,
  ]);
  return Object.fromEntries(lists);
}
