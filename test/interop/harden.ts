/**
 * `pratique harden` on a real base: what comes out runs, under bubblewrap, is clean where an upgrade makes it clean, and
 * is read and verified by the tools of others.
 */
import { deepEqual, match, ok } from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jammyBase, sourceLines } from '../support/bases.ts';
import type { Context, KeyPair, Scenario } from '../support/context.ts';
import { pushedImage } from '../support/images.ts';
import { run } from '../support/process.ts';
import { validSpdx } from '../support/spdx.ts';

/** Kinds of programs: what brings each, how it is started, and what it must say. */
const programs: readonly {
  readonly name: string;
  readonly packages: readonly string[];
  /** A program of this machine, put where it is started from. */
  readonly file?: (context: Context) => string;
  readonly entrypoint: readonly string[];
  readonly args: readonly string[];
  readonly says: RegExp;
}[] = [
  { name: 'bash', packages: [], entrypoint: ['/bin/bash'], args: ['-c', 'echo "$((6 * 7))"'], says: /^42$/m },
  {
    name: 'Perl',
    packages: ['perl'],
    entrypoint: ['/usr/bin/perl'],
    args: ['-MPOSIX', '-MList::Util=sum', '-e', 'print sum(1, 41)'],
    says: /^42/,
  },
  {
    name: 'Python',
    packages: ['python3'],
    entrypoint: ['/usr/bin/python3'],
    args: ['-c', 'import ssl, sqlite3, ctypes, json; print(json.dumps({"a": 42}))'],
    says: /42/,
  },
  {
    name: 'Ruby',
    packages: ['ruby'],
    entrypoint: ['/usr/bin/ruby'],
    args: ['-rjson', '-ropenssl', '-e', 'puts JSON.generate([42])'],
    says: /42/,
  },
  {
    name: 'PHP',
    packages: ['php8.1-cli'],
    entrypoint: ['/usr/bin/php8.1'],
    args: ['-r', 'echo json_encode([6 * 7]);'],
    says: /42/,
  },
  {
    name: 'Java',
    packages: ['openjdk-11-jre-headless'],
    entrypoint: ['/usr/lib/jvm/java-11-openjdk-amd64/bin/java'],
    args: ['-XshowSettings:vm', '-version'],
    says: /openjdk version "11/,
  },
  {
    name: 'nginx',
    packages: ['nginx-core'],
    entrypoint: ['/usr/sbin/nginx'],
    args: ['-V'],
    says: /nginx version/,
  },
  {
    name: 'curl with TLS',
    packages: ['curl', 'ca-certificates'],
    entrypoint: ['/usr/bin/curl'],
    args: ['--version'],
    says: /OpenSSL/,
  },
  {
    name: 'a static program',
    packages: ['busybox-static'],
    entrypoint: ['/bin/busybox'],
    args: ['echo', '42'],
    says: /42/,
  },
  {
    name: 'a static Go program',
    packages: [],
    file: ({ tools }) => tools.crane,
    entrypoint: ['/usr/local/bin/crane'],
    args: ['version'],
    says: /^v?\d+\.\d+/m,
  },
  {
    name: 'Node',
    packages: ['libstdc++6', 'libatomic1'],
    file: () => process.execPath,
    entrypoint: ['/usr/local/bin/node'],
    args: ['-p', '6 * 7'],
    says: /^42$/m,
  },
];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const { tar, sources } = await jammyBase();
  const base = await pushedImage(context, 'bases/jammy:1', [tar]);
  const lines = sourceLines(readFileSync(sources, 'utf8'));
  return [
    ...programs.map(
      (program): Scenario => ({
        name: `${program.name} runs in a distroless image of it`,
        run: async () => {
          const { packages, file, entrypoint, args, says } = program;
          const files = file === undefined ? [] : [{ from: file(context), to: entrypoint[0], mode: '0755' }];
          const settings = {
            strip: { profile: 'distroless' },
            add: { packages, files },
            run: { entrypoint },
            sources: lines,
          };
          const root = await hardenedRoot(context, base, settings);
          const { code, stdout, stderr } = await inside(root, [...entrypoint, ...args]);
          match(`${stdout}${stderr}`, says);
          deepEqual(code, 0, stderr);
        },
      }),
    ),
    {
      name: 'a base years behind: nothing that an upgrade fixes is left, and everything that is gone has a reason',
      run: async () => {
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        await context.ok('pratique', [
          'db',
          'changelogs',
          `rootfs:${tar}`,
          '--sources',
          sources,
          '--db',
          database,
        ]);
        const settings = {
          strip: { profile: 'minimal' },
          upgrade: true,
          run: { entrypoint: ['/bin/bash'] },
          sources: lines,
        };
        const report = join(directory, 'report.json');
        const target = `oci:${join(directory, 'out')}:1`;
        await harden(context, base, settings, [
          '-t',
          target,
          '--sign=false',
          '--db',
          database,
          '--report',
          report,
        ]);
        const { before, after, findingsGone } = JSON.parse(readFileSync(report, 'utf8'));
        const count = (counts: Record<string, number>) =>
          Object.values(counts).reduce((sum, one) => sum + one, 0);
        ok(count(before.findings) > 150, `${count(before.findings)} findings before`);
        deepEqual(findingsGone.length, count(before.findings) - count(after.findings));
        const again = await context.ok('pratique', [
          'scan',
          target,
          '--db',
          database,
          '--only-fixed',
          '-o',
          'json',
        ]);
        deepEqual(JSON.parse(again).findings, []);
        process.stdout.write(
          `       ${count(before.findings)} findings before, ${count(after.findings)} after\n`,
        );
      },
    },
    {
      name: 'what is pushed is read by skopeo, crane and oras, and every attestation is verified by cosign',
      run: async () => {
        const key: KeyPair = await context.keyPair('pratique');
        const target = `${context.ours.host}/hardened/bash:1`;
        const added = join(context.scratch(), 'added.conf');
        writeFileSync(added, 'x');
        const settings = {
          strip: { profile: 'minimal' },
          run: { entrypoint: ['/bin/bash'] },
          add: { files: [{ from: added, to: '/etc/added.conf' }] },
        };
        await harden(context, base, settings, ['-t', target, '--scan=false', '--key', key.privateKey]);
        const inspected = JSON.parse(
          await context.ok('skopeo', ['inspect', '--tls-verify=false', '--config', `docker://${target}`]),
        );
        deepEqual(inspected.config.User, '65532:65532');
        match(
          await context.ok('crane', ['manifest', '--insecure', target]),
          /org\.opencontainers\.image\.base\.digest/,
        );
        match(await context.ok('oras', ['discover', '--plain-http', target]), /sigstore\.bundle/);
        const trust = ['--key', key.publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
        await context.ok('cosign', ['verify', ...trust, target]);
        const attested = new Map<string, string>();
        for (const type of [
          'slsaprovenance1',
          'cyclonedx',
          'spdxjson',
          'https://pratique.dev/attestations/harden/v1',
          'https://pratique.dev/attestations/removals/v1',
          'https://in-toto.io/attestation/test-result/v0.1',
        ])
          attested.set(
            type,
            await context.ok('cosign', ['verify-attestation', ...trust, '--type', type, target]),
          );
        const { payload } = JSON.parse(attested.get('spdxjson')!) as { payload: string };
        const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as { predicate: unknown };
        match(JSON.stringify(predicate), /put at \/etc\/added\.conf, from file:/);
        const document = join(context.scratch(), 'image.spdx.json');
        writeFileSync(document, JSON.stringify(predicate));
        await validSpdx(document);
      },
    },
  ];
}

/** Hardens as a user would: packages with scripts of their own are listed once the refusal has named them. */
async function harden(
  context: Context,
  base: string,
  settings: object,
  args: readonly string[],
): Promise<void> {
  const file = join(context.scratch(), 'harden.yaml');
  const attempt = async (more: object) => {
    writeFileSync(file, JSON.stringify(more));
    return await context.run('pratique', ['harden', base, '-f', file, ...args]);
  };
  const first = await attempt(settings);
  if (first.code === 0) return;
  const names = /scriptsNotNeeded: \[([^\]]*)\]/.exec(first.stderr)?.[1];
  if (names === undefined) throw new Error(first.stderr);
  const { add = {} } = settings as { add?: object };
  const second = await attempt({ ...settings, add: { ...add, scriptsNotNeeded: names.split(', ') } });
  if (second.code !== 0) throw new Error(second.stderr);
}

/** The root file system of a hardened image, unpacked. */
async function hardenedRoot(context: Context, base: string, settings: object): Promise<string> {
  const target = `${context.ours.host}/hardened/program:1`;
  await harden(context, base, settings, ['-t', target, '--scan=false', '--sign=false']);
  const root = join(context.scratch(), 'root');
  const archive = join(dirname(root), 'image.tar');
  await context.ok('crane', ['export', '--insecure', target, archive]);
  mkdirSync(root);
  const { code, stderr } = await run('tar', ['-xf', archive, '-C', root]);
  if (code !== 0) throw new Error(stderr);
  return root;
}

/** Runs a program with nothing of this machine but its kernel. */
async function inside(root: string, command: readonly string[]) {
  return await run('bwrap', [
    '--bind',
    root,
    '/',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    '--unshare-all',
    '--die-with-parent',
    ...command,
  ]);
}
