/**
 * Where `pratique check` runs commands of an image: the same tests of container-structure-test on a real Alpine, in
 * bubblewrap, in crun, and where there is neither; as root of the image, as the user of its configuration, as the one
 * that the tests name; started by root, and by somebody else. Among them is what an image would do that wants to get out.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { directory, file, symlink, type TestEntry, tar } from '../../packages/inspect/src/testing/tar.ts';
import type { Context, Scenario } from '../support/context.ts';
import { pratique } from '../support/pratique.ts';
import { run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(root, '../shared/corpora'));
const archive = join(corpora, 'images/alpine-3.10.4-docker-archive.tar.gz');
const image = `docker-archive:${archive}`;

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

/** In the words of musl and of BusyBox’s `su`. */
const denied = (name: string, script: string) =>
  shell(name, script, {
    exitCode: 1,
    expectedError: ['denied|not permitted|Read-only|must be suid|too large'],
  });

/** What an image has for the user of its configuration, and for one that would be root. */
const forUsers: readonly TestEntry[] = [
  file(
    'etc/passwd',
    [
      'root:x:0:0:root:/root:/bin/sh',
      'app:x:1000:1001::/home/app:/bin/sh',
      'toor:x:0:0::/toor:/bin/sh',
      'wrap:x:4294967296:0::/:/bin/sh',
      'minus:x:-1:0::/:/bin/sh',
    ].join('\n'),
  ),
  file('etc/group', 'root:x:0:\napp:x:1001:\nmore:x:1002:app\n'),
  { ...directory('home/app'), uid: 1000, gid: 1001, mode: 0o700 },
  { ...file('home/app/own', 'mine'), uid: 1000, gid: 1001, mode: 0o600 },
  { ...file('srv/shared', 'ours'), gid: 1002, mode: 0o660 },
  { ...file('srv/secret', 'of root'), mode: 0o600 },
  { ...file('srv/far', 'of somebody far'), pax: { uid: '2000000000', gid: '2000000000' } },
  { ...file('srv/beyond', 'of nobody'), pax: { uid: '2147483647' }, mode: 0o666 },
  { ...directory('srv/sticky'), mode: 0o1777 },
  { ...file('srv/sticky/of-root', ''), mode: 0o666 },
  // A shell that would make its caller root.
  { ...file('srv/suid', '#!/bin/sh\n'), mode: 0o4755 },
];

/**
 * As the user 1000:1001 of the configuration, in the group 1002.
 *
 * @param far the owner that a file of 2000000000:2000000000 has
 */
const userTests = (far: string) => [
  shell('is the user of the configuration, with its groups', 'id -u; id -g; id -G; echo $HOME', {
    expectedOutput: ['^1000\\n1001\\n1001 1002\\n/home/app\\n$'],
  }),
  shell(
    'sees owners as they are',
    'stat -c %u:%g:%a / /etc/passwd /home/app /srv/shared /srv/far /srv/sticky /srv/suid',
    {
      expectedOutput: [
        `^0:0:755\\n0:0:644\\n1000:1001:700\\n0:1002:660\\n${far}:644\\n0:0:1777\\n0:0:755\\n$`,
      ],
    },
  ),
  shell('writes its own files', 'echo x > /home/app/own; echo x > /home/app/new; chmod 600 /home/app/new'),
  shell('writes what its other group may', 'echo x > /srv/shared'),
  shell('writes where logs are led to', 'echo out > /dev/stdout; echo err > /dev/stderr; echo x > /tmp/x', {
    expectedOutput: ['^out\\n$'],
    expectedError: ['^err\\n$'],
  }),
  denied('does not write files of root', 'echo x > /etc/passwd'),
  denied('does not make files beside them', 'echo x > /etc/new'),
  denied('does not read what is root’s alone', 'cat /srv/secret'),
  denied('does not take them over', 'chown 1000 /srv/secret'),
  denied('does not change their mode', 'chmod 666 /etc/passwd'),
  denied('does not remove what lies in a directory of all', 'rm /srv/sticky/of-root'),
  denied('does not become root', 'su root -c id < /dev/null'),
  shell('has no capability', 'grep ^Cap /proc/self/status', { excludedOutput: ['[1-9a-f][0-9a-f]*\\n'] }),
  shell('gains nothing by programs', 'grep NoNewPrivs /proc/self/status', { expectedOutput: ['1\\n$'] }),
  denied('changes no setting of the kernel', ': >> /proc/sys/kernel/core_pattern'),
  denied(
    'nor in a user namespace of its own',
    'unshare -U sh -c "mount -o remount,rw /proc && : >> /proc/sys/kernel/core_pattern"',
  ),
  denied('leaves its file system no other way', 'ls /proc/1/root/../../root/.ssh'),
  shell('sees no process of this machine', 'ls -d /proc/[0-9]* | wc -l', { expectedOutput: ['^[1-9]\\n$'] }),
];

/** As root with three capabilities. */
const rootTests = [
  shell('has what was asked for, and nothing else', 'grep CapEff /proc/self/status', {
    expectedOutput: ['^CapEff:\\t0000000000000043\\n$'],
  }),
  shell('uses it', 'echo x > /home/app/own && chown 5:6 /srv/secret && stat -c %u:%g /srv/secret', {
    expectedOutput: ['^5:6\\n$'],
  }),
  shell('not on files of ids that none has', 'chown 0 /srv/beyond', refused),
  denied('nor on what is the machine’s', 'chown 0 /proc/sys/kernel/core_pattern'),
  denied('changes no setting of the kernel', ': >> /proc/sys/kernel/core_pattern'),
  denied('mounts nothing', 'mount -t tmpfs none /mnt'),
  denied('makes no device', 'mknod /dev/sda b 8 0'),
];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const scratch = context.scratch();
  // Whoever a command is run as finds the runtime.
  for (const name of [scratch, context.directory]) chmodSync(name, 0o755);
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
  const users = await imageWith(scratch, 'users', 'app', forUsers);
  let number = 0;
  /** The tests with `options`, where only `runtime` is there. */
  const checkAs = async (
    path: string,
    of: string,
    options: object,
    commands: readonly object[],
    as: readonly string[] = [],
  ) => {
    const at = join(scratch, `tests-${number++}.json`);
    writeFileSync(
      at,
      JSON.stringify({
        schemaVersion: '2.0.0',
        containerRunOptions: options,
        commandTests: commands,
      }),
    );
    return check(path, of, at, as);
  };
  const check = async (path: string, of = image, file = tests, as: readonly string[] = []) => {
    const program =
      as.length === 0
        ? ('pratique' as const)
        : ([as[0]!, ...as.slice(1), ...pratique] as [string, ...string[]]);
    const result = await context.run(
      program,
      ['check', of, '--no-cache', '--structure-test', file, '-o', 'json'],
      {
        env: { PATH: path, OUTSIDE: 'not for an image', ...(as.length === 0 ? {} : { HOME: '/nowhere' }) },
        cwd: '/',
      },
    );
    ok(result.code === 0 || result.code === 2, result.stderr);
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

  const allPass = async (found: Promise<Awaited<ReturnType<typeof check>>>, number: number) => {
    const { all, wrong, code } = await found;
    deepEqual(wrong, []);
    equal(all.length, number);
    equal(code, 0);
  };
  const notRun = async (found: Promise<Awaited<ReturnType<typeof check>>>, why: RegExp) => {
    const { all, code } = await found;
    equal(code, 2);
    ok(all.length > 0);
    for (const { status, problems } of all) {
      equal(status, 'not-run');
      match(problems[0], why);
    }
  };
  const ofRoot = userTests('2000000000:2000000000');
  const inEach = ['bwrap', 'crun'] as const;
  const ran = shell('runs', 'true');

  return [
    ...inEach.flatMap((runtime) => [
      {
        name: `commands of an image run in ${runtime}`,
        run: async () => passes(await pathOf(scratch, runtime)),
      },
      {
        name: `${runtime}: as the user of the configuration, who owns what is its own`,
        run: async () => allPass(checkAs(await pathOf(scratch, runtime), users, {}, ofRoot), ofRoot.length),
      },
      {
        name: `${runtime}: as root with capabilities`,
        run: async () => {
          const options = { user: 'toor', capabilities: ['CHOWN', 'DAC_OVERRIDE', 'CAP_SETGID'] };
          await allPass(checkAs(await pathOf(scratch, runtime), users, options, rootTests), rootTests.length);
        },
      },
      {
        name: `${runtime}: as users by number, also without an account; not as what is none`,
        run: async () => {
          const path = await pathOf(scratch, runtime);
          for (const [user, expected] of [
            ['65532:65532', '65532 65532 65532'],
            ['2147483646', '2147483646 0 0'],
            ['1000:more', '1000 1002 1002'],
          ]) {
            const one = shell('is that user', 'echo $(id -u) $(id -g) $(id -G)', {
              expectedOutput: [`^${expected}\\n$`],
            });
            // A user who is not root has no use of capabilities here, as in a container.
            await allPass(checkAs(path, users, { user, capabilities: ['SETUID'] }, [one, noCapability]), 2);
          }
          for (const user of ['wrap', 'minus', '-1', '4294967296', '2147483647', 'nobody', '0:0:0'])
            await notRun(checkAs(path, users, { user }, [ran]), /id|no user|is none/);
        },
      },
      {
        name: `${runtime}: a command ends when who started it is killed`,
        run: async () => {
          // Nobody else sleeps for so long.
          const seconds = `1000.${process.pid}`;
          const sleeping = async () => (await run('ps', ['-eo', 'args'])).stdout.includes(`sleep ${seconds}`);
          const file = join(scratch, `sleeps-${runtime}.json`);
          const commands = [{ name: 'sleeps', command: 'sleep', args: [seconds] }];
          writeFileSync(file, JSON.stringify({ schemaVersion: '2.0.0', commandTests: commands }));
          const [program, ...args] = [...pratique, 'check', image, '--no-cache', '--structure-test', file];
          const killed = spawn(program!, args, {
            // Its files stay.
            env: { ...process.env, PATH: await pathOf(scratch, runtime), TMPDIR: scratch },
            stdio: 'ignore',
          });
          const ended = once(killed, 'exit');
          await until(sleeping, 'the command is started');
          killed.kill('SIGKILL');
          await ended;
          await until(async () => !(await sleeping()), 'the command is gone');
        },
      },
      {
        name: `${runtime}: an image whose /etc/passwd leads out of it, or does not end, is not run`,
        run: async () => {
          const path = await pathOf(scratch, runtime);
          const led = symlink('etc/passwd', `/../..${outside}`);
          const large = file('etc/passwd', 'x'.repeat(2 ** 20 + 1));
          for (const [name, entry] of Object.entries({ led, large })) {
            const hostile = await imageWith(scratch, `${name}-${runtime}`, 'app', [entry]);
            await notRun(checkAs(path, hostile, {}, [ran]), /\/etc\/passwd (is no file|has more)/);
          }
        },
      },
    ]),
    {
      name: 'who is not root runs commands as root of the image, and as nobody else',
      run: async () => {
        const path = await pathOf(scratch, 'bwrap');
        const reached = join('/tmp', `pratique-sandbox-users-${process.pid}`);
        mkdirSync(reached);
        chownSync(reached, 12345, 12345);
        const as = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups'];
        try {
          const copy = join(reached, 'image.tar');
          writeFileSync(copy, readFileSync(users.slice('docker-archive:'.length)));
          const of = `docker-archive:${copy}`;
          const read = shell(
            'is root of the image',
            'id -u; echo x > /etc/passwd; stat -c %u:%a /srv/secret',
            {
              expectedOutput: ['^0\\n0:600\\n$'],
            },
          );
          await allPass(checkAs(path, of, { user: '0' }, [read, noCapability], as), 2);
          await notRun(checkAs(path, of, {}, [ran], as), /only root of this machine.* 1000:1001/);
          await notRun(
            checkAs(path, of, { user: '0', capabilities: ['CHOWN'] }, [ran], as),
            /only root of this machine/,
          );
        } finally {
          await run('rm', ['-rf', reached]);
        }
      },
    },
    {
      name: 'who is not root and is lent ids runs commands as every user that these are enough for',
      run: async () => {
        const path = await pathOf(scratch, 'bwrap');
        const lent = join(scratch, 'lent');
        writeFileSync(lent, 'games:200000:65536\n');
        const script =
          'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec setpriv --reuid 5 --regid 60 --clear-groups "$@"';
        const as = ['unshare', '--mount', 'sh', '-c', script, lent];
        // Beyond what is lent there is nobody.
        const all = [
          ...userTests('65534:65534'),
          { name: 'is stopped when it says too much', command: 'yes', exitCode: -1 },
        ];
        await allPass(checkAs(path, users, {}, all, as), all.length);
        const options = { user: '0', capabilities: ['CHOWN', 'DAC_OVERRIDE', 'CAP_SETGID'] };
        await allPass(checkAs(path, users, options, rootTests, as), rootTests.length);
        await allPass(checkAs(path, users, { user: '65535' }, [noCapability], as), 1);
        await notRun(checkAs(path, users, { user: '65536' }, [ran], as), /beyond the 65536 ids/);
        const left = await run('ps', ['-eo', 'args']);
        ok(!/^(\/bin\/)?yes$/m.test(left.stdout), 'the command that was stopped still runs');
        const files = await run('find', ['/tmp', '-maxdepth', '1', '-uid', '5']);
        equal(files.stdout, '', 'the file system of the image is still there');
      },
    },
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

const noCapability = shell('has no capability', 'grep ^Cap /proc/self/status', {
  excludedOutput: ['[1-9a-f][0-9a-f]*\\n'],
});

/** That Alpine with another user in its configuration and a layer on top. */
async function imageWith(
  scratch: string,
  name: string,
  user: string,
  entries: readonly TestEntry[],
): Promise<string> {
  const at = join(scratch, `image-${name}`);
  mkdirSync(at);
  equal((await run('tar', ['-xzf', archive, '-C', at])).code, 0);
  const manifest = JSON.parse(readFileSync(join(at, 'manifest.json'), 'utf8'));
  const config = JSON.parse(readFileSync(join(at, manifest[0].Config), 'utf8'));
  const layer = tar(entries);
  config.config.User = user;
  config.rootfs.diff_ids.push(`sha256:${createHash('sha256').update(layer).digest('hex')}`);
  config.history = [];
  const bytes = JSON.stringify(config);
  const configName = `${createHash('sha256').update(bytes).digest('hex')}.json`;
  writeFileSync(join(at, configName), bytes);
  writeFileSync(join(at, 'top.tar'), layer);
  const one = {
    Config: configName,
    RepoTags: ['users:latest'],
    Layers: [...manifest[0].Layers, 'top.tar'],
  };
  writeFileSync(join(at, 'manifest.json'), JSON.stringify([one]));
  equal((await run('tar', ['-cf', `${at}.tar`, '-C', at, '.'])).code, 0);
  return `docker-archive:${at}.tar`;
}

/**
 * crun, where cgroups are of one version: elsewhere it refuses to start, whatever it is told. It finds them so in a
 * mount namespace of its own.
 */
const crunWithCgroups = (crun: string) => `#!/bin/sh
exec unshare --mount sh -c 'umount --recursive /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec ${crun} "$@"' crun "$@"
`;

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition()) return;
    await delay(100);
  }
  throw new Error(`it does not come about that ${what}`);
}

/** A PATH with what this needs and one runtime, or none. */
async function pathOf(scratch: string, runtime: 'bwrap' | 'crun' | undefined): Promise<string> {
  const directory = join(scratch, `path-${runtime ?? 'empty'}`);
  if (existsSync(directory)) return directory;
  mkdirSync(directory);
  const programs = [
    'sh',
    'cat',
    'chmod',
    'chown',
    'id',
    'mkfifo',
    'mount',
    'newgidmap',
    'newuidmap',
    'nsenter',
    'rm',
    'setpriv',
    'umount',
    'unshare',
    'xargs',
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
