/**
 * Where `pratique check` runs commands of an image: the same tests of container-structure-test on a real Alpine, in
 * bubblewrap, in crun, and where there is neither. Among them is what an image would do that wants to get out.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context, Scenario } from '../support/context.ts';
import { run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));
const image = `docker-archive:${join(corpora, 'images/alpine-3.10.4-docker-archive.tar.gz')}`;

const shell = (name: string, script: string, more: object = {}) => ({
  name,
  command: 'sh',
  args: ['-c', script],
  ...more,
});
const refused = { exitCode: 1 };

/** Every one of them passes, wherever it is run. A script with a redirection that is refused exits with 1. */
const commandTests = [
  { name: 'runs', command: 'id', args: ['-u'], expectedOutput: ['^0\\n$'] },
  { name: 'ends with its exit code', command: 'sh', args: ['-c', 'exit 7'], exitCode: 7 },
  { name: 'sees what one before it wrote', setup: [['touch', '/made']], command: 'ls', args: ['/made'] },
  {
    name: 'is of this release',
    command: 'cat',
    args: ['/etc/alpine-release'],
    expectedOutput: ['^3\\.10\\.4'],
  },
  shell('has the places that programs expect', 'echo ok > /dev/null; echo ok > /dev/shm/x; echo ok > /tmp/x'),
  shell('writes to the places that logs are led to', 'echo out > /dev/stdout; echo err > /dev/stderr', {
    expectedOutput: ['^out\\n$'],
    expectedError: ['^err\\n$'],
  }),
  shell('has the environment of the image and the test', 'env | sort', {
    envVars: [{ key: 'MINE', value: 'a b' }],
    expectedOutput: ['MINE=a b\\n', 'PATH=/usr/local/sbin:'],
    excludedOutput: ['OUTSIDE'],
  }),
  shell('has no network', 'tail -n +3 /proc/net/dev | grep -v lo:', refused),
  shell('has no capability', 'grep ^Cap /proc/self/status', { excludedOutput: ['[1-9a-f][0-9a-f]*\\n'] }),
  shell('sees no process of this machine', 'ls -d /proc/[0-9]* | wc -l', { expectedOutput: ['^[1-9]\\n$'] }),
  // The settings are root's, with capabilities or without; opening one is enough to see.
  shell('changes no setting of the kernel', ': >> /proc/sys/kernel/core_pattern', refused),
  shell('cannot make that possible', 'mount -o remount,rw /proc && : >> /proc/sys/kernel/core_pattern', {
    exitCode: 1,
    expectedError: ['.'],
  }),
  shell('mounts nothing', 'mount -t tmpfs none /mnt', { exitCode: 1, expectedError: ['.'] }),
  { name: 'is stopped when it says too much', command: 'yes', exitCode: -1 },
];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const scratch = context.scratch();
  const outside = join(scratch, 'outside');
  writeFileSync(outside, 'not for an image');
  const tests = join(scratch, 'tests.json');
  writeFileSync(
    tests,
    JSON.stringify({
      schemaVersion: '2.0.0',
      commandTests: [
        ...commandTests,
        { name: 'sees no file of this machine', command: 'cat', args: [outside], exitCode: 1 },
      ],
    }),
  );
  const check = async (path: string) => {
    const result = await context.run('pratique', ['check', image, '--structure-test', tests, '-o', 'json'], {
      env: { PATH: path, OUTSIDE: 'not for an image' },
    });
    ok(result.code !== 1, result.stderr);
    const { structureTests } = JSON.parse(result.stdout);
    const wrong = structureTests.filter(({ status }: { status: string }) => status !== 'passed');
    return { code: result.code, all: structureTests, wrong };
  };
  const count = commandTests.length + 1;
  const passes = async (path: string) => {
    const { code, all, wrong } = await check(path);
    deepEqual(wrong, []);
    equal(all.length, count);
    equal(code, 0);
    const left = await run('ps', ['-eo', 'args']);
    ok(!/^(\/bin\/)?yes$/m.test(left.stdout), 'the command that was stopped still runs');
  };

  return [
    {
      name: 'commands of an image run in bubblewrap',
      run: async () => passes(await pathOf(scratch, 'bwrap')),
    },
    { name: 'commands of an image run in crun', run: async () => passes(await pathOf(scratch, 'crun')) },
    {
      name: 'with neither, no command is run and none has passed',
      run: async () => {
        const { code, all } = await check(await pathOf(scratch, undefined));
        equal(code, 2);
        equal(all.length, count);
        for (const { status, problems } of all) {
          equal(status, 'not-run');
          match(problems[0], /bubblewrap, or crun/);
        }
      },
    },
  ];
}

/**
 * crun, where cgroups are of one version: elsewhere it refuses to start, whatever it is told. It finds them so in a
 * mount namespace of its own.
 */
const crunWithCgroups = (crun: string) => `#!/bin/sh
exec unshare --mount sh -c 'umount --recursive /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec ${crun} "$@"' crun "$@"
`;

/** A PATH with what this needs and one runtime, or none. */
async function pathOf(scratch: string, runtime: 'bwrap' | 'crun' | undefined): Promise<string> {
  const directory = join(scratch, `path-${runtime ?? 'empty'}`);
  mkdirSync(directory);
  const programs = [
    'sh',
    'cat',
    'mkfifo',
    'mount',
    'umount',
    'unshare',
    ...(runtime === undefined ? [] : [runtime]),
  ];
  for (const program of programs) {
    const found = await run('sh', ['-c', `command -v ${program}`]);
    equal(found.code, 0, `${program} is not installed`);
    const path = found.stdout.trim();
    if (program === 'crun') writeFileSync(join(directory, program), crunWithCgroups(path), { mode: 0o755 });
    else symlinkSync(path, join(directory, program));
  }
  symlinkSync(process.execPath, join(directory, 'node'));
  return directory;
}
