/**
 * `pratique harden` on Alpine, from end to end: a real Alpine 3.10.4 with its database in each place it can have, and a
 * repository whose index apk itself made. What comes out is looked at by apk, Trivy and Syft, and runs.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type ApkContents,
  type ApkSigner,
  apkSigner,
  makeApk,
  signatureSegment,
} from '../../packages/harden/src/testing/alpine.ts';
import { readSbom } from '../../packages/inspect/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { pushedImage } from '../support/images.ts';
import { run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));

/** What the repository has: something new with an account, its library, and something that is there in an older version. */
const packages: readonly ApkContents[] = [
  {
    name: 'greeting',
    version: '1.2.3-r4',
    files: {
      etc: '/',
      'etc/greeting.conf': 'hello from the image\n',
      usr: '/',
      'usr/bin': '/',
      'usr/bin/greet': '#!/bin/sh\ncat /etc/greeting.conf\nid -u\n',
      'usr/share': '/',
      'usr/share/man': '/',
      'usr/share/man/man1': '/',
      'usr/share/man/man1/greet.1': 'manual',
      'usr/share/greeting': '/',
      'usr/share/greeting/names': 'a\nb\n',
    },
    scripts: {
      'pre-install':
        '#!/bin/sh\naddgroup -S greeters 2>/dev/null\nadduser -S -D -H -s /sbin/nologin -G greeters greeter 2>/dev/null\nexit 0\n',
    },
    info: ['depend = so:libgreeting.so.1', 'triggers = /usr/share/greeting'],
    fields: { D: 'so:libgreeting.so.1' },
  },
  {
    name: 'libgreeting',
    version: '2.0-r0',
    files: { usr: '/', 'usr/lib': '/', 'usr/lib/libgreeting.so.1': 'library' },
    info: ['provides = so:libgreeting.so.1=1.0'],
    fields: { p: 'so:libgreeting.so.1=1.0' },
  },
  {
    name: 'ca-certificates-cacert',
    version: '20261101-r0',
    files: { etc: '/', 'etc/ssl': '/', 'etc/ssl/cert.pem': 'newer certificates\n' },
  },
];

/** Where apk has its database: how a root that has it below /lib becomes one, and how apk 2 finds it there afterwards. */
const layouts: readonly {
  readonly name: string;
  readonly installed: string;
  /** Whether this Trivy looks there. */
  readonly trivy: boolean;
  readonly arrange: (root: string) => void | Promise<void>;
  readonly forApk: (root: string) => void;
}[] = [
  { name: '/lib/apk/db', installed: 'lib/apk/db', trivy: true, arrange: () => {}, forApk: () => {} },
  {
    name: '/usr/lib/apk/db, where /lib is a link to usr/lib',
    installed: 'usr/lib/apk/db',
    trivy: false,
    arrange: async (directory) => {
      // Links of /usr/lib to libraries in /lib give way to them.
      const [from, to] = [join(directory, 'lib'), join(directory, 'usr/lib')];
      await succeeds('cp', ['-a', '--remove-destination', `${from}/.`, to]);
      rmSync(from, { recursive: true });
      symlinkSync('usr/lib', from);
    },
    forApk: () => {},
  },
  {
    name: '/usr/lib/apk/db beside /lib, scripts compressed as apk 3 has them',
    installed: 'usr/lib/apk/db',
    trivy: false,
    arrange: (directory) => {
      mkdirSync(join(directory, 'usr/lib'), { recursive: true });
      renameSync(join(directory, 'lib/apk'), join(directory, 'usr/lib/apk'));
      const scripts = join(directory, 'usr/lib/apk/db/scripts.tar');
      writeFileSync(`${scripts}.gz`, gzipSync(readFileSync(scripts)));
      rmSync(scripts);
    },
    forApk: (directory) => {
      symlinkSync('../usr/lib/apk', join(directory, 'lib/apk'));
      const scripts = join(directory, 'usr/lib/apk/db/scripts.tar');
      writeFileSync(scripts, gunzipSync(readFileSync(`${scripts}.gz`)));
    },
  },
];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const alpine = await alpineRoot(context);
  const signer = apkSigner();
  return layouts.map(
    (layout): Scenario => ({
      name: `Alpine with its database in ${layout.name}`,
      run: async () => {
        const repository = await makeRepository(alpine, context.scratch(), signer);
        const server = createServer(({ url }, response) => {
          const file = join(repository, url!);
          response.statusCode = existsSync(file) ? 200 : 404;
          response.end(existsSync(file) ? readFileSync(file) : '');
        });
        await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
        const { port } = server.address() as AddressInfo;
        try {
          await play(context, layout, { alpine, repository, signer, url: `http://127.0.0.1:${port}` });
        } finally {
          server.close();
        }
      },
    }),
  );
}

interface Scene {
  /** The root of the real image, with the real apk. */
  readonly alpine: string;
  readonly repository: string;
  readonly signer: ApkSigner;
  readonly url: string;
}

async function play(context: Context, layout: (typeof layouts)[number], scene: Scene): Promise<void> {
  const { alpine, repository, signer, url } = scene;
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  await succeeds('cp', ['-a', alpine, at('base')]);
  await layout.arrange(at('base'));
  await succeeds('tar', ['-C', at('base'), '-cf', at('base.tar'), '.']);
  const base = await pushedImage(context, `${context.unique('alpine')}:1`, [at('base.tar')]);

  // Of what goes, of what is upgraded, and of what stays with it.
  const fixes = { zlib: 'CVE-2026-0001', 'ca-certificates-cacert': 'CVE-2026-0002', musl: 'CVE-2026-0003' };
  writeFileSync(
    at('secdb.json'),
    JSON.stringify({
      distroversion: 'v3.10',
      reponame: 'main',
      packages: Object.entries(fixes).map(([name, id]) => ({
        pkg: { name, secfixes: { [name === 'musl' ? '99-r0' : '20261101-r0']: [id] } },
      })),
    }),
  );
  await context.ok('pratique', ['db', 'import', at('secdb.json'), '--db', at('advisories.db')]);

  writeFileSync(at(signer.key.name), signer.key.bytes);
  writeFileSync(
    at('tests.json'),
    JSON.stringify({
      schemaVersion: '2.0.0',
      commandTests: [{ name: 'greets', command: '/usr/bin/greet', expectedOutput: ['hello from the image'] }],
    }),
  );
  writeFileSync(
    at('harden.yaml'),
    JSON.stringify({
      strip: { profile: 'minimal', keep: ['/etc/ssl/cert.pem'] },
      upgrade: true,
      add: { packages: ['greeting>1'] },
      run: { entrypoint: ['/usr/bin/greet'] },
      sources: [url],
      keys: [signer.key.name],
      tests: { files: ['tests.json'] },
    }),
  );
  const { privateKey, publicKey } = await context.keyPair('pratique');
  const target = `${context.ours.host}/${context.unique('alpine')}:hardened`;
  await context.ok('pratique', [
    ...['harden', base, '-f', at('harden.yaml'), '-t', target, '--key', privateKey],
    ...['--db', at('advisories.db'), '--report', at('report.json')],
  ]);
  await context.ok('cosign', [
    ...['verify', '--key', publicKey, '--insecure-ignore-tlog', '--allow-http-registry', target],
  ]);

  const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
  const changed = report.packages.changed.map(({ name, from, to }: Record<string, string>) => [
    name,
    from,
    to,
  ]);
  deepEqual(changed.map(([name]: string[]) => name).sort(), packages.map(({ name }) => name).sort());
  deepEqual(
    report.findingsGone.map((one: Record<string, string>) => `${one.id} ${one.package} ${one.reason}`).sort(),
    [
      'CVE-2026-0001 zlib removed',
      'CVE-2026-0002 ca-certificates-cacert upgraded',
      'CVE-2026-0003 musl-utils removed',
    ],
  );
  deepEqual(report.after.findings, { ...report.after.findings, unknown: 1 });

  await context.ok('crane', ['export', '--insecure', target, at('image.tar')]);
  mkdirSync(at('image'));
  await succeeds('tar', ['-xf', at('image.tar'), '-C', at('image')]);
  const greeted = await succeeds('bwrap', [
    ...['--bind', at('image'), '/', '--dev', '/dev', '--proc', '/proc', '--unshare-all', '--die-with-parent'],
    ...['--uid', '65532', '--gid', '65532', '/usr/bin/greet'],
  ]);
  equal(greeted, 'hello from the image\n65532\n');
  ok(existsSync(join(at('image'), layout.installed, 'installed')), `${layout.installed}/installed`);

  const names = await sameForAll(context, target, layout.trivy);
  await apkAgrees(layout, scene, at('image'), names);
  equal(existsSync(join(repository, 'x86_64/APKINDEX.tar.gz')), true);
}

/** The real apk on what we made: it knows the packages, misses and changes nothing, can add, and can take away. */
async function apkAgrees(
  layout: (typeof layouts)[number],
  { alpine, repository }: Scene,
  image: string,
  names: readonly string[],
): Promise<void> {
  layout.forApk(image);
  cpSync(join(alpine, 'etc/apk/keys'), join(image, 'etc/apk/keys'), { recursive: true });
  const apk = async (...args: readonly string[]) =>
    await succeeds('bwrap', [
      ...['--bind', alpine, '/', '--bind', image, '/mnt', '--ro-bind', repository, '/srv'],
      ...['--dev', '/dev', '--proc', '/proc', '--unshare-all', '--die-with-parent', '--clearenv'],
      ...['--setenv', 'PATH', '/usr/sbin:/usr/bin:/sbin:/bin', '/sbin/apk', '--root', '/mnt', ...args],
    ]);
  const offline = ['--no-network', '--repositories-file', '/dev/null', '--repository', '/srv'];
  const info = (await apk('info', '-v')).trim().split('\n').sort();
  deepEqual(info, names);
  match(await apk('info', '--who-owns', '/usr/bin/greet'), /owned by greeting-1\.2\.3-r4/);
  equal((await apk('audit', '--system', '--packages')).trim(), '');
  equal((await apk('audit', '--system')).trim(), '');
  // What was asked for can be had: nothing that is gone is asked for any more.
  match(await apk(...offline, 'add', '--simulate', 'greeting'), /^OK: /m);
  match(await apk(...offline, 'fix', '--simulate'), /^OK: /m);
  match(await apk(...offline, 'del', '--no-scripts', 'greeting'), /Purging libgreeting/);
  equal(existsSync(join(image, 'usr/bin/greet')), false);
}

/** `musl-1.1.22-r3` and so on, in which Syft, `pratique sbom` and, where it looks, Trivy agree. */
async function sameForAll(context: Context, image: string, trivyLooks: boolean): Promise<readonly string[]> {
  const directory = context.scratch();
  const layout = join(directory, 'layout');
  const at = (name: string) => join(directory, `${name}.json`);
  await context.ok('crane', ['pull', '--insecure', '--format', 'oci', image, layout]);
  const trivy = ['--offline-scan', '--list-all-pkgs', '--format', 'cyclonedx', '-q', '-o', at('trivy')];
  await context.ok('trivy', ['image', '--input', layout, '--cache-dir', join(directory, 'cache'), ...trivy]);
  await context.ok('syft', ['scan', `oci-dir:${layout}`, '-q', '-o', `cyclonedx-json=${at('syft')}`], {
    env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' },
  });
  writeFileSync(at('ours'), await context.ok('pratique', ['sbom', '-o', 'cyclonedx-json', `oci:${layout}`]));
  const [ours, syft, trivys] = ['ours', 'syft', 'trivy'].map((name) =>
    readSbom(new Uint8Array(readFileSync(at(name))))
      .packages.filter(({ type }) => type === 'apk')
      .map((one) => `${one.name}-${one.version}`)
      .sort(),
  );
  deepEqual(syft, ours, 'Syft');
  deepEqual(trivys, trivyLooks ? ours : [], 'Trivy');
  ok(ours!.includes('greeting-1.2.3-r4'), String(ours));
  return ours!;
}

/** The real image as a directory. */
async function alpineRoot(context: Context): Promise<string> {
  const directory = context.scratch();
  const archive = join(corpora, 'images', 'alpine-3.10.4-docker-archive.tar.gz');
  const image = `${context.ours.host}/${context.unique('alpine')}:real`;
  await context.ok('pratique', ['copy', `docker-archive:${archive}`, image]);
  await context.ok('crane', ['export', '--insecure', image, `${directory}.tar`]);
  await succeeds('tar', ['-xf', `${directory}.tar`, '-C', directory]);
  return directory;
}

/** Packages as abuild makes them, and the index that apk makes of them, signed. */
async function makeRepository(alpine: string, directory: string, signer: ApkSigner): Promise<string> {
  const folder = join(directory, 'x86_64');
  mkdirSync(folder);
  const made = packages.map((one) => makeApk(one, signer));
  for (const { fileName, bytes } of made) writeFileSync(join(folder, fileName), bytes);
  writeFileSync(join(alpine, 'etc/apk/keys', signer.key.name), signer.key.bytes);
  const inside = [
    ...['--bind', alpine, '/', '--bind', folder, '/srv', '--dev', '/dev', '--proc', '/proc', '--unshare-all'],
    '--die-with-parent',
  ];
  const files = made.map(({ fileName }) => `/srv/${fileName}`);
  for (const file of files) await succeeds('bwrap', [...inside, '/sbin/apk', 'verify', file]);
  await succeeds('bwrap', [...inside, '/sbin/apk', 'index', '-q', '-o', '/srv/unsigned', ...files]);
  const unsigned = readFileSync(join(folder, 'unsigned'));
  writeFileSync(
    join(folder, 'APKINDEX.tar.gz'),
    Buffer.concat([signatureSegment(unsigned, signer), unsigned]),
  );
  return directory;
}

async function succeeds(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}\nexited ${code}\n${stdout}${stderr}`);
  return stdout;
}
