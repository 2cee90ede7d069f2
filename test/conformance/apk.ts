/**
 * Packages of Alpine, beside apk itself: the one in a real image of Alpine 3.10.4, run under bubblewrap on a copy of that
 * image, and ours on the image. What is installed, and what the database says of it, must be the same.
 */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readRecords } from '../../packages/harden/src/alpine/database.ts';
import { parseDependencies } from '../../packages/harden/src/alpine/dependencies.ts';
import { installApks } from '../../packages/harden/src/alpine/install.ts';
import { fetchApk, openApkRepository } from '../../packages/harden/src/alpine/repository.ts';
import { solveApk } from '../../packages/harden/src/alpine/solve.ts';
import { createFetcher } from '../../packages/harden/src/index.ts';
import { type ApkContents, apkSigner, makeApk, makeIndex } from '../../packages/harden/src/testing/alpine.ts';
import { type FileSystem, readImage, readRootDirectory } from '../../packages/inspect/src/index.ts';
import { openArchive } from '../../packages/oci/src/index.ts';
import type { SuiteResult } from './expectations.ts';

const everything = { id: 'everything', keep: () => 'whole' as const };

/** Packages with all that the database has a line for. */
const packages: readonly ApkContents[] = [
  {
    name: 'greeting',
    version: '1.2.3-r4',
    files: {
      etc: '/',
      'etc/greeting.conf': 'hello',
      usr: '/',
      'usr/bin': '/',
      'usr/bin/greet': '#!/bin/sh\necho hello\n',
      'usr/bin/hi': '-> greet',
      'usr/share': '/',
      'usr/share/greeting': '/',
      'usr/share/greeting/names': 'a\nb\n',
      var: '/',
      'var/spool': '/',
      'var/spool/greeting': '/',
    },
    modes: { 'var/spool/greeting': 0o1777, 'etc/greeting.conf': 0o640 },
    scripts: {
      'pre-install':
        '#!/bin/sh\naddgroup -S greeters 2>/dev/null\nadduser -S -D -H -h /var/spool/greeting -s /sbin/nologin -G greeters -g greeter greeter 2>/dev/null\nexit 0\n',
    },
    info: ['depend = so:libgreeting.so.1', 'depend = cmd:sh', 'provides = cmd:greet=1.2.3-r4'],
    fields: { D: 'so:libgreeting.so.1 cmd:sh', p: 'cmd:greet=1.2.3-r4 cmd:hi=1.2.3-r4' },
  },
  {
    name: 'libgreeting',
    version: '2.0_rc1-r0',
    files: { lib: '/', 'lib/libgreeting.so.1.0': 'library', 'lib/libgreeting.so.1': '-> libgreeting.so.1.0' },
    info: ['replaces = libgreeting-old<2', 'replaces_priority = 3'],
    fields: { p: 'so:libgreeting.so.1=1.0' },
  },
  // An older one that would do as well.
  {
    name: 'libgreeting',
    version: '1.9-r0',
    files: { 'lib/libgreeting.so.1': 'old' },
    fields: { p: 'so:libgreeting.so.1=0.9' },
  },
];

export async function run(corpora: string): Promise<SuiteResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-apk-'));
  const failures: string[] = [];
  let checks = 0;
  const check = (name: string, isRight: boolean, found: unknown = '') => {
    checks++;
    if (!isRight) failures.push(`${name}: ${String(found).slice(0, 2000)}`);
  };
  try {
    const archivePath = join(corpora, 'images/alpine-3.10.4-docker-archive.tar.gz');
    await using archive = await openArchive(archivePath);
    const [image] = await archive.entries();
    const { fileSystem } = await readImage(archive, image!.digest, { keep: everything });
    const root = join(directory, 'root');
    unpack(fileSystem, root);

    const signer = apkSigner();
    const made = packages.map((one) => makeApk(one, signer));
    const repository = join(root, 'repository/x86_64');
    mkdirSync(repository, { recursive: true });
    for (const { fileName, bytes } of made) writeFileSync(join(repository, fileName), bytes);
    writeFileSync(join(repository, 'APKINDEX.tar.gz'), makeIndex(made, signer));
    writeFileSync(join(root, 'etc/apk/keys', signer.key.name), signer.key.bytes);
    const apk = (...args: string[]) => inside(root, '/sbin/apk', ...args);

    for (const { fileName } of made) {
      const { code, output } = apk('verify', `/repository/x86_64/${fileName}`);
      check(`apk verify ${fileName}`, code === 0, output);
    }
    // Its own index of the packages says what ours says.
    const own = apk(
      'index',
      '-o',
      '/own.tar.gz',
      ...made.map(({ fileName }) => `/repository/x86_64/${fileName}`),
    );
    check('apk index', own.code === 0, own.output);

    const repositories = ['--repositories-file', '/dev/null', '--repository', '/repository', '--no-network'];
    const added = apk('add', ...repositories, 'greeting>1');
    check('apk add', added.code === 0, added.output);

    // Ours, from the same repository.
    const fetcher = createFetcher({
      fetch: (async (url: string) =>
        new Response(
          readFileSync(join(root, 'repository', url.slice('http://alpine.test/'.length))),
        )) as typeof fetch,
    });
    const options = { fetcher, architecture: 'x86_64', keys: [signer.key] };
    const available = await openApkRepository('http://alpine.test', options);
    const installed = readRecords(fileSystem, 'lib/apk/db');
    const chosen = solveApk(parseDependencies('greeting>1'), installed, available);
    check(
      'the same packages are chosen',
      chosen.map(({ name, version }) => `${name}-${version}`).join() ===
        'greeting-1.2.3-r4,libgreeting-2.0_rc1-r0',
      chosen.map(({ name, version }) => `${name}-${version}`),
    );
    const fetched = await Promise.all(
      chosen.map(async (found) => ({ found, file: (await fetchApk(found, options)).file })),
    );
    const ours = await installApks(fileSystem, fetched, { scriptsNotNeeded: [], world: ['greeting>1'] });
    const theirs = readRootDirectory(root, { keep: everything });

    const record = (of: FileSystem, name: string) =>
      readRecords(of, 'lib/apk/db').find((one) => one.name === name)?.text;
    for (const name of ['greeting', 'libgreeting', 'busybox'])
      check(
        `the record of ${name}`,
        record(ours.fileSystem, name) === record(theirs, name),
        `${record(ours.fileSystem, name)}\n--- apk:\n${record(theirs, name)}`,
      );
    for (const path of ['etc/apk/world', 'lib/apk/db/triggers', 'etc/passwd', 'etc/group'])
      check(
        path,
        textAt(ours.fileSystem, path) === textAt(theirs, path),
        `${textAt(ours.fileSystem, path)}\n--- apk:\n${textAt(theirs, path)}`,
      );
    const differences = differing(ours.fileSystem, theirs);
    check('every file', differences.length === 0, differences.join('\n'));

    // And apk on what we made: nothing is missing or changed, and it can take a package away again.
    const second = join(directory, 'ours');
    unpack(ours.fileSystem, second);
    const onOurs = (...args: string[]) => inside(second, '/sbin/apk', ...args);
    const who = onOurs('info', '--who-owns', '/usr/bin/greet');
    check('apk info --who-owns', /owned by greeting-1\.2\.3-r4/.test(who.output), who.output);
    const audit = onOurs('audit', '--system', '--packages');
    check('apk audit', audit.code === 0 && audit.output.trim() === '', audit.output);
    const removed = onOurs('del', '--no-network', 'greeting');
    check('apk del', removed.code === 0 && /Purging libgreeting/.test(removed.output), removed.output);
    fileSystem.close();
    theirs.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return [{ suite: 'apk', passed: checks - failures.length, failed: failures.length, failures }];
}

function textAt(fileSystem: FileSystem, path: string): string {
  const content = fileSystem.get(path)?.content;
  return content === undefined ? '' : new TextDecoder().decode(content.read(0, content.size));
}

/** Paths that are not the same in both: but for what the proof put there, busybox's copies of
 * what it changed, and what says when that was. */
function differing(ours: FileSystem, theirs: FileSystem): readonly string[] {
  const other =
    /^(repository|own\.tar\.gz|dev|proc|etc\/apk\/keys|etc\/(?:shadow|passwd-|group-|shadow-)|lib\/apk\/db\/(lock|scripts\.tar|installed)|var\/cache\/apk|lib\/apk\/db)(\/|$)/;
  const look = (fileSystem: FileSystem) =>
    new Map(
      [...fileSystem.nodes()]
        .filter(({ path, type }) => !other.test(path) && ['file', 'directory', 'symlink'].includes(type))
        .map(({ path, type, mode, linkname, content }) => {
          const digest = content === undefined ? '' : hash('sha256', content.read(0, content.size));
          return [path, `${type} ${type === 'symlink' ? linkname : mode.toString(8)} ${digest}`] as const;
        }),
    );
  const [a, b] = [look(ours), look(theirs)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => `${path}: ${a.get(path)}, apk: ${b.get(path)}`);
}

/** Writes a file system where bubblewrap can use it as a root. */
function unpack(fileSystem: FileSystem, root: string): void {
  mkdirSync(root, { recursive: true });
  for (const { path, type, mode, linkname, content } of fileSystem.nodes()) {
    const real = join(root, path);
    if (type === 'directory') mkdirSync(real, { recursive: true });
    else mkdirSync(dirname(real), { recursive: true });
    if (type === 'symlink') spawnSync('ln', ['-s', '--', linkname ?? '', real]);
    else if (type === 'file') writeFileSync(real, content?.read(0, content.size) ?? new Uint8Array());
    if (type === 'file' || type === 'directory') spawnSync('chmod', [mode.toString(8), '--', real]);
  }
}

function inside(root: string, ...command: string[]) {
  const { status, stdout, stderr, error } = spawnSync(
    'bwrap',
    [
      '--bind',
      root,
      '/',
      '--dev',
      '/dev',
      '--proc',
      '/proc',
      '--unshare-all',
      '--clearenv',
      '--setenv',
      'PATH',
      '/usr/sbin:/usr/bin:/sbin:/bin',
      ...command,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (error) throw error;
  return { code: status, output: `${stdout}${stderr}` };
}
