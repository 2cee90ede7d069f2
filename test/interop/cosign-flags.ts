/** Every command and flag that the real cosign has is done here, or refused with a reason; and what the older ones do. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '../../packages/cli/src/program/parse.ts';
import { commands } from '../../packages/cli/src/specs/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { alice, bob, identity, initialize, startSigstore, token } from '../support/private-sigstore.ts';

/** The first is built with PIV, so that it has all its commands. */
type Cosign = 'cosign-piv' | 'cosign2';

/** What help does not show, and the programs still have. */
const ofCertificates = ['cert', 'cert-chain'];
const ofIdentities = ['cert-identity', 'cert-oidc-issuer'];
const unlisted: Readonly<Record<string, readonly string[]>> = {
  sign: ofCertificates,
  attest: ofCertificates,
  'sign-blob': ofCertificates,
  'attest-blob': ofCertificates,
  'attach signature': ofCertificates,
  'bundle create': ['cert'],
  verify: [...ofCertificates, ...ofIdentities],
  'verify-attestation': [...ofCertificates, ...ofIdentities],
  'verify-blob': [...ofCertificates, ...ofIdentities],
  'verify-blob-attestation': [...ofCertificates, ...ofIdentities],
  'trusted-root create': [
    ...['certificate-chain', 'fulcio-uri', 'ctfe-key', 'ctfe-start-time', 'rekor-key', 'rekor-url'],
    ...['rekor-start-time', 'timestamp-certificate-chain', 'timestamp-uri'],
    ...['ctfe-url', 'ctfe-end-time', 'rekor-end-time'],
  ],
};

const hiddenCommands = [
  ...[
    'attach attestation',
    'attach sbom',
    'attach signature',
    'copy',
    'debug providers',
    'dockerfile verify',
  ],
  ...['download sbom', 'generate', 'manifest verify', 'triangulate', 'upload blob', 'upload wasm'],
];

/** Commands with their flags, from what a cosign says of itself. */
async function describeCosign(context: Context, program: Cosign): Promise<ReadonlyMap<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  const visit = async (words: readonly string[]): Promise<void> => {
    const name = words.join(' ');
    if (found.has(name)) return;
    const help = await context.ok(program, [...words, '--help']);
    // Help of something else: this cosign does not have the command.
    if (name !== '' && !new RegExp(`^cosign ${name}`, 'm').test(help)) return;
    if (name !== '' && /was not built with/.test(help)) return;
    const [, below] = /Available Commands:\n(.*?)\n\n/s.exec(help) ?? [];
    const children = [...(below ?? '').matchAll(/^(\S+) /gm)].map(([, child]) => child!);
    if (children.length === 0) {
      const flags = [...help.matchAll(/^\s+(?:-\w, )?--([A-Za-z0-9-]+)[= ]/gm)].map(([, flag]) => flag!);
      found.set(name, new Set([...flags, ...(unlisted[name] ?? [])]));
    }
    for (const child of children) await visit([...words, child]);
  };
  await visit([]);
  for (const name of hiddenCommands) await visit(name.split(' '));
  return found;
}

/** Why a flag is not understood; null when it is, or when it is refused with a reason of its own. */
function problemWith(command: string, flag: string): string | null {
  const spec = commands.find(({ name }) => name === command);
  if (spec === undefined) return 'no such command';
  for (const value of [[], ['x']]) {
    try {
      parse(commands, [...command.split(' '), `--${flag}`, ...value, ...spec.args.map(() => 'argument')]);
      return null;
    } catch (error) {
      const said = (error as Error).message;
      if (/unknown option/.test(said)) return said;
      if (/is not done here|argument missing|is invalid| takes | needs /.test(said)) return null;
      throw error;
    }
  }
  return null;
}

/** What cosign 2 wrote about files before there were Sigstore bundles. */
async function oldFiles(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const other = await context.keyPair('cosign');
  const sign = ['sign-blob', '-y', '--tlog-upload=false', '--key', key.privateKey];
  const check = (publicKey: string) => ['verify-blob', '--insecure-ignore-tlog', '--key', publicKey];
  const both = ['cosign2', 'pratique'] as const;
  return both.flatMap((signer) => [
    {
      name: `${signer}: a signature in a file of its own is accepted by both, for this file and key only`,
      run: async () => {
        const file = join(context.scratch(), 'file');
        writeFileSync(file, 'content');
        await context.ok(signer, [...sign, '--output-signature', `${file}.sig`, file]);
        for (const verifier of both) {
          const verify = (publicKey: string) =>
            context.run(verifier, [...check(publicKey), '--signature', `${file}.sig`, file]);
          equal((await verify(key.publicKey)).code, 0, verifier);
          notEqual((await verify(other.publicKey)).code, 0, verifier);
        }
        appendFileSync(file, 'tampered');
        for (const verifier of both) {
          const args = [...check(key.publicKey), '--signature', `${file}.sig`, file];
          notEqual((await context.run(verifier, args)).code, 0, verifier);
        }
      },
    },
    {
      name: `${signer}: an attestation in a file of its own is accepted by both, for this file and type only`,
      run: async () => {
        const file = join(context.scratch(), 'file');
        writeFileSync(file, 'content');
        writeFileSync(`${file}.json`, '{"a":1}');
        const attest = ['attest-blob', ...sign.slice(1), '--predicate', `${file}.json`, '--type', 'custom'];
        await context.ok(signer, [...attest, '--output-signature', `${file}.sig`, file]);
        for (const verifier of both) {
          const verify = (type: string, publicKey = key.publicKey) =>
            context.run(verifier, [
              'verify-blob-attestation',
              ...check(publicKey).slice(1),
              ...['--type', type, '--signature', `${file}.sig`, file],
            ]);
          equal((await verify('custom')).code, 0, verifier);
          notEqual((await verify('spdx')).code, 0, verifier);
          notEqual((await verify('custom', other.publicKey)).code, 0, verifier);
        }
      },
    },
  ]);
}

async function onImages(context: Context): Promise<Scenario[]> {
  const key = await context.keyPair('cosign');
  const registry = context.ours;
  const local = ['--allow-http-registry'];
  const programs = ['cosign', 'pratique'] as const;
  return [
    {
      name: 'generate prints the same bytes, and tree the same text, of every kind of attachment',
      run: async () => {
        const image = await context.image(registry);
        const same = async (theirs: readonly string[], ours = theirs) => {
          const expected = await context.ok('cosign', [...theirs, ...local, image.pinned]);
          equal(await context.ok('pratique', [...ours, ...local, image.pinned]), expected);
        };
        await same(['generate', '-a', 'env=prod', '-a', 'text=a b']);
        await same(['tree'], ['tree', '-o', 'cosign']);
        const sign = ['sign', ...local, '--key', key.privateKey];
        await context.ok('pratique', [...sign, image.pinned]);
        await same(['tree'], ['tree', '-o', 'cosign']);
        await context.ok('pratique', [...sign, '--legacy', image.pinned]);
        await same(['tree'], ['tree', '-o', 'cosign']);
      },
    },
    {
      name: '--signature-digest-algorithm: a key of P-384 counts with the hash that is asked for, for both',
      run: async () => {
        const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
        const directory = context.scratch();
        const [own, shown] = [join(directory, 'p384.pem'), join(directory, 'p384.pub')];
        writeFileSync(own, privateKey.export({ type: 'pkcs8', format: 'pem' }));
        writeFileSync(shown, publicKey.export({ type: 'spki', format: 'pem' }));
        const image = await context.image(registry);
        await context.ok('pratique', ['sign', ...local, '--legacy', '--key', own, image.pinned]);
        for (const hash of ['sha256', 'sha384', 'sha512']) {
          const flags = ['--insecure-ignore-tlog', '--new-bundle-format=false', '--key', shown];
          const verify = ['verify', ...local, ...flags, '--signature-digest-algorithm', hash, image.pinned];
          for (const program of programs)
            equal((await context.run(program, verify)).code === 0, hash === 'sha384', `${program} ${hash}`);
        }
      },
    },
    {
      name: 'manifest verify and dockerfile verify: every image must be signed, for both',
      run: async () => {
        const [signed, unsigned] = [await context.image(registry), await context.image(registry)];
        await context.ok('pratique', ['sign', ...local, '--legacy', '--key', key.privateKey, signed.pinned]);
        const flags = [...local, '--insecure-ignore-tlog', '--key', key.publicKey];
        const directory = context.scratch();
        const [manifest, dockerfile] = [join(directory, 'pod.yaml'), join(directory, 'Dockerfile')];
        for (const [image, good] of [
          [signed, true],
          [unsigned, false],
        ] as const) {
          const containers = [signed, image].map(({ pinned }, index) => ({
            name: `c${index}`,
            image: pinned,
          }));
          const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } };
          writeFileSync(manifest, JSON.stringify(pod));
          writeFileSync(dockerfile, `FROM ${signed.pinned} AS build\nFROM ${image.pinned}\n`);
          for (const program of programs) {
            const offline = program === 'cosign' ? ['--new-bundle-format=false', '--offline'] : [];
            for (const args of [
              ['manifest', 'verify', manifest] as const,
              ['dockerfile', 'verify', dockerfile] as const,
            ]) {
              const result = await context.run(program, [...args.slice(0, 2), ...flags, ...offline, args[2]]);
              equal(result.code === 0, good, `${program} ${args.join(' ')}: ${result.stderr}`);
            }
          }
        }
      },
    },
  ];
}

/** Flags of keyless signing, against our private Sigstore. */
async function keyless(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  await initialize(context, sigstore);
  const services = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
  const algorithms = ['ecdsa-sha2-256-nistp256', 'ecdsa-sha2-384-nistp384', 'ecdsa-sha2-512-nistp521'];
  const rsa = [2048, 3072, 4096].map((bits) => `rsa-sign-pkcs1-${bits}-sha256`);
  const signed = async (...flags: string[]) => {
    const file = join(context.scratch(), 'file');
    writeFileSync(file, 'content');
    const who = ['--identity-token', await token(sigstore, alice)];
    const bundle = ['--bundle', `${file}.json`];
    await context.ok('pratique', ['sign-blob', '-y', ...bundle, ...who, ...services, ...flags, file]);
    return file;
  };
  return [
    ...[...algorithms, ...rsa].map((algorithm) => ({
      name: `--signing-algorithm ${algorithm}: accepted by cosign and by us, for its signer only`,
      run: async () => {
        const file = await signed('--signing-algorithm', algorithm);
        const verify = (email: string) => [
          'verify-blob',
          '--bundle',
          `${file}.json`,
          ...identity(sigstore, email),
          file,
        ];
        for (const program of ['cosign', 'pratique'] as const) {
          const root = program === 'pratique' ? ['--trusted-root', sigstore.trustedRoot] : [];
          await context.ok(program, [...verify(alice), ...root], { env: sigstore.env });
          notEqual((await context.run(program, [...verify(bob), ...root], { env: sigstore.env })).code, 0);
        }
      },
    })),
    {
      name: 'authorities in files: --ca-roots, --certificate-chain and --timestamp-certificate-chain, and no others',
      run: async () => {
        const file = await signed();
        const bundle = await (await fetch(`${sigstore.url}/api/v2/trustBundle`)).json();
        const [chain] = (bundle as { chains: { certificates: string[] }[] }).chains;
        const certificates = chain!.certificates;
        const write = (name: string, text: string) => {
          writeFileSync(`${file}.${name}`, text);
          return `${file}.${name}`;
        };
        const stamps = await (await fetch(`${sigstore.url}/api/v1/timestamp/certchain`)).text();
        const roots = ['--ca-roots', write('roots', certificates.at(-1)!)];
        const intermediates = ['--ca-intermediates', write('between', certificates.slice(0, -1).join(''))];
        const whole = ['--certificate-chain', write('chain', certificates.join(''))];
        const stamped = ['--timestamp-certificate-chain', write('tsa', stamps), '--use-signed-timestamps'];
        const alone = ['--insecure-ignore-tlog', '--insecure-ignore-sct', '--offline'];
        const verify = (...flags: string[]) =>
          context.run('pratique', [
            ...['verify-blob', '--bundle', `${file}.json`, ...identity(sigstore, alice)],
            ...flags,
            file,
          ]);
        for (const authority of [[...roots, ...intermediates], whole]) {
          const good = await verify(...authority, ...stamped, ...alone);
          equal(good.code, 0, good.stderr);
          // With the root for the log and the certificate log.
          const logged = await verify(...authority, '--trusted-root', sigstore.trustedRoot);
          equal(logged.code, 0, logged.stderr);
        }
        const stranger = ['--ca-roots', write('stranger', stamps.slice(stamps.lastIndexOf('-----BEGIN')))];
        notEqual((await verify(...stranger, ...stamped, ...alone)).code, 0, 'by another authority');
        notEqual((await verify(...whole, ...alone)).code, 0, 'nobody said when');
        const wrong = ['--timestamp-certificate-chain', write('wrong', certificates.join(''))];
        notEqual(
          (await verify(...whole, ...wrong, '--use-signed-timestamps', ...alone)).code,
          0,
          'stamped by nobody',
        );
      },
    },
    {
      name: 'the parts of a keyless signature in files of their own are what its bundle holds',
      run: async () => {
        const out = context.scratch();
        const [signature, certificate] = [join(out, 'sig'), join(out, 'cert')];
        const file = await signed('--output-signature', signature, '--output-certificate', certificate);
        const held = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as {
          messageSignature: { signature: string };
        };
        equal(readFileSync(signature, 'utf8'), held.messageSignature.signature);
        // Without its log entry nothing says when it was made: neither believes it.
        const args = ['--signature', signature, '--cert', certificate, ...identity(sigstore, alice), file];
        const root = ['--trusted-root', sigstore.trustedRoot];
        notEqual((await context.run('pratique', ['verify-blob', ...root, ...args])).code, 0);
        notEqual((await context.run('cosign', ['verify-blob', ...args], { env: sigstore.env })).code, 0);
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    ...(['cosign-piv', 'cosign2'] as const).map((program) => ({
      name: `every command and flag of ${program} is understood, or refused with a reason`,
      run: async () => {
        const known = await describeCosign(context, program);
        equal(known.size > 30, true, `found ${known.size} commands`);
        const problems: string[] = [];
        for (const [command, flags] of known) {
          if (command === 'help') continue;
          for (const flag of flags) {
            const name = `${command} --${flag}`;
            const problem = flag === 'help' ? null : problemWith(command, flag);
            if (problem !== null) problems.push(`${name}: ${problem}`);
          }
        }
        deepEqual(problems, []);
      },
    })),
    ...(await oldFiles(context)),
    ...(await onImages(context)),
    ...(await keyless(context)),
  ];
}
