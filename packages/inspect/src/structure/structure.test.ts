import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseImageConfig } from '../image/config.ts';
import { readRootArchive } from '../image/read-root.ts';
import { file, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { parseStructureTests } from './parse.ts';
import {
  type CommandOutcome,
  missingContents,
  runStructureTests,
  type Sandbox,
  structureFiles,
} from './run.ts';

const bytes = tar([
  { ...file('bin/app', '#!/bin/sh\n'), mode: 0o4755, uid: 7 },
  file('etc/conf', 'listen 8080;\n'),
  symlink('conf', '/etc/conf'),
]);
const config = parseImageConfig(
  Buffer.from(
    JSON.stringify({
      config: {
        Env: ['PATH=/bin', 'A=b=c'],
        Labels: { v: '1.2' },
        Cmd: ['/bin/app'],
        ExposedPorts: { '80/tcp': {} },
        WorkingDir: '/srv',
        User: '7:app',
      },
      rootfs: { diff_ids: [] },
    }),
  ),
);

const surroundings = {
  environment: { TOKEN: 't=1', EMPTY: '' },
  readFile: (path: string) => (path === 'env' ? '# of ours\n\nA=own $x\r\n  TOKEN\n' : `NONE`),
};

/** Results as `name: status`, and problems where there are any. */
async function results(
  yaml: string,
  options: { sandbox?: Sandbox; root?: boolean; entries?: readonly TestEntry[] } = {},
) {
  const tests = parseStructureTests(`schemaVersion: 2.0.0\n${yaml}`, 'tests.yaml', surroundings);
  const read = (more: readonly string[]) =>
    readRootArchive(ReadableStream.from([options.entries === undefined ? bytes : tar(options.entries)]), {
      keep: structureFiles([tests], more),
    });
  const first = await read([]);
  const missing = missingContents([tests], first);
  const fileSystem = missing.length === 0 ? first : await read(missing);
  const subject = { fileSystem, config: options.root ? undefined : config, sandbox: options.sandbox };
  const all = await runStructureTests(tests, subject);
  fileSystem.close();
  return all.map(({ status, problems }) => [status, ...problems]);
}

describe('files', () => {
  test('existence, permissions, owner and who may execute', async () => {
    expect(
      await results(`fileExistenceTests:
- {name: a, path: /bin/app, permissions: -rwsr-xr-x, uid: 7, gid: 0, isExecutableBy: other}
- {name: b, path: /bin/app, permissions: -rwxr-xr-x, uid: 8}
- {name: c, path: /etc/conf, isExecutableBy: any}
- {name: d, path: /nowhere, shouldExist: false}
- {name: e, path: /nowhere}
- {name: f, path: /etc/conf, shouldExist: false}`),
    ).toEqual([
      ['passed'],
      ['failed', 'permissions: expected -rwxr-xr-x, found -rwsr-xr-x', 'uid: expected 8, found 7'],
      ['failed', 'expected to be executable by any, found -rw-r--r--'],
      ['passed'],
      ['failed', '/nowhere is not there'],
      ['failed', '/etc/conf is there'],
    ]);
  });

  test('contents, also where a link leads to them', async () => {
    expect(
      await results(
        `fileContentTests:
- {name: a, path: /conf, expectedContents: ['listen \\d+'], excludedContents: [443]}
- {name: b, path: /etc/conf, expectedContents: [ssl], excludedContents: ['80']}
- {name: c, path: /etc, expectedContents: []}`.replace('[443]', "['443']"),
      ),
    ).toEqual([
      ['passed'],
      ['failed', '/etc/conf: expected to match ssl', '/etc/conf: expected not to match 80'],
      ['failed', '/etc is no file that is there'],
    ]);
  });
});

describe('licenses', () => {
  const doc = (name: string, text: string) => file(`usr/share/doc/${name}/copyright`, text);

  test('each package of Debian has a copyright, which names none that is refused; links lead to it', async () => {
    const entries = [
      doc('good', 'License: MIT'),
      doc('bad', 'License: agpl-3'),
      doc('libgnutls30', 'not the AGPL'),
      file('usr/share/doc/none/README', ''),
      symlink('usr/share/doc/link/copyright', '../../licenses/wtf'),
      file('usr/share/licenses/wtf', 'WTFPL and AGPL'),
      symlink('usr/share/doc/whole', 'bad'),
    ];
    expect(await results('licenseTests: [{debian: true}]', { entries })).toEqual([
      [
        'failed',
        '/usr/share/doc/bad/copyright: names the license AGPL',
        '/usr/share/doc/link/copyright: names the license AGPL',
        '/usr/share/doc/link/copyright: names the license WTFPL',
        '/usr/share/doc/none/copyright is no file that is there',
      ],
    ]);
  });

  test('so do the files it names, and no others', async () => {
    const entries = [doc('bad', 'AGPL'), file('LICENSE', 'MIT'), file('COPYING', 'Wtfpl')];
    expect(
      await results(
        'licenseTests: [{files: [/LICENSE]}, {debian: false, files: [/LICENSE, /COPYING, /gone]}]',
        {
          entries,
        },
      ),
    ).toEqual([
      ['passed'],
      ['failed', '/COPYING: names the license WTFPL', '/gone is no file that is there'],
    ]);
  });
});

test('metadata', async () => {
  expect(
    await results(`metadataTest:
  envVars: [{key: A, value: b=c}, {key: PATH, value: '^/b', isRegex: true}]
  labels: [{key: v, value: '1.2'}]
  cmd: [/bin/app]
  entrypoint: []
  exposedPorts: ['80']
  unexposedPorts: ['443']
  workdir: /srv`),
  ).toEqual([['passed']]);
  expect(
    await results(`metadataTest:
  env: [{key: A, value: x}]
  unboundEnvVars: [{key: PATH}]
  labels: [{key: w, value: '1'}]
  entrypoint: [/x]
  exposedPorts: ['443']
  unexposedPorts: ['80']
  volumes: [/v]
  user: app`),
  ).toEqual([
    [
      'failed',
      'environment variable A: expected x, found b=c',
      'environment variable PATH is set',
      'label w is not set',
      'entrypoint: expected ["/x"], found []',
      'user: expected "app", found "7:app"',
      'port 443 is missing',
      'port 80 is there',
      'volume /v is missing',
    ],
  ]);
  expect(await results('metadataTest: {user: app}', { root: true })).toEqual([
    ['not-run', 'a root file system has no configuration'],
  ]);
});

describe('commands', () => {
  const sandboxOf = (
    run: (command: readonly string[], env: Readonly<Record<string, string>>) => CommandOutcome,
  ): Sandbox => ({
    commandsAs: () => ({ run: async (command, env) => run(command, env) }),
  });

  const yaml = `commandTests:
- {name: a, command: app, args: [-v], envVars: [{key: A, value: z}], expectedOutput: ['v1'], excludedError: ['.+']}`;

  test('are not run without a sandbox, and have not passed', async () => {
    expect(await results(yaml)).toEqual([
      ['not-run', 'there is no sandbox to run commands in (bubblewrap, or crun)'],
    ]);
  });

  test('are judged by exit code and output, with the environment of the image', async () => {
    const seen: unknown[] = [];
    const sandbox = sandboxOf((command, env) => {
      seen.push([command, env]);
      return { exitCode: 1, stdout: 'v2', stderr: 'oops' };
    });
    expect(await results(yaml, { sandbox })).toEqual([
      [
        'failed',
        'expected exit code 0, found 1',
        'output: expected to match v1',
        'error output: expected not to match .+',
      ],
    ]);
    expect(seen).toEqual([[['app', '-v'], { PATH: '/bin', A: 'z' }]]);
  });

  test('have the variables of all tests and their own; those that are set stand for their values', async () => {
    const seen: unknown[] = [];
    const sandbox = sandboxOf((command, env) => {
      seen.push(command, env);
      return { exitCode: 0, stdout: '', stderr: '' };
    });
    const more = `globalEnvVars: [{key: PATH, value: '/env/bin:$PATH'}, {key: B, value: '\${A}$NONE'}]
commandTests:
- {name: a, command: $B/x, args: ['\${C}', 'for f in *; do echo $f $1; done', $$], envVars: [{key: C, value: c}, {key: A, value: own}]}`;
    expect(await results(more, { sandbox })).toEqual([['passed']]);
    expect(seen).toEqual([
      ['b=c$NONE/x', 'c', 'for f in *; do echo $f $1; done', '$$'],
      { PATH: '/env/bin:/bin', A: 'own', B: 'b=c$NONE', C: 'c' },
    ]);
  });
});

describe('containerRunOptions', () => {
  const commands = 'commandTests: [{name: a, command: app}]';
  const asked = async (yaml: string) => {
    const all: unknown[] = [];
    const sandbox: Sandbox = {
      commandsAs(as) {
        all.push(as);
        return {
          run: async (_, env) => {
            all.push(env);
            return { exitCode: 0, stdout: '', stderr: '' };
          },
        };
      },
    };
    expect(await results(`${yaml}\n${commands}`, { sandbox })).toEqual([['passed']]);
    return all;
  };

  test('nothing is the user of the configuration, without capabilities', async () => {
    expect(await asked('')).toEqual([
      { user: '7:app', capabilities: [] },
      { PATH: '/bin', A: 'b=c' },
    ]);
  });

  test('user, variables and capabilities; a file of variables as docker reads it', async () => {
    expect(
      await asked(
        'containerRunOptions: {user: "0", envFile: env, envVars: [EMPTY], capabilities: [chown, CAP_KILL], privileged: false, bindMounts: []}',
      ),
    ).toEqual([
      { user: '0', capabilities: ['CAP_CHOWN', 'CAP_KILL'] },
      { PATH: '/bin', A: 'own $x', TOKEN: 't=1', EMPTY: '' },
    ]);
  });

  test('whom the sandbox cannot run as, nothing has passed for', async () => {
    const sandbox: Sandbox = { commandsAs: () => ({ problem: 'no such user' }) };
    expect(await results(commands, { sandbox })).toEqual([['not-run', 'no such user']]);
  });

  test.each([
    ['privileged: true', /never get the rights of this machine/],
    ['allocateTty: true', /have no terminal/],
    ['bindMounts: ["/etc:/etc"]', /see no file of this machine/],
    ['capabilities: [SYS_ADMIN]', /can give CHOWN, .*, and nothing more/],
    ['capabilities: [ALL]', /and nothing more/],
    ['capabilities: [NET_RAW]', /and nothing more/],
    ['envVars: [UNSET]', /UNSET is not set/],
    ['envVars: ["A=b"]', /A=b is no name/],
    ['envVars: [toString]', /toString is not set/],
    ['envFile: other', /NONE is not set/],
    ['user: ""', /user/],
    ['network: host', /network/],
  ])('%s is refused, and said why', (options, reason) => {
    const source = `schemaVersion: 2.0.0\ncontainerRunOptions: {${options}}`;
    expect(() => parseStructureTests(source, 'x', surroundings)).toThrow(
      expect.objectContaining({ code: 'STRUCTURE_TEST_INVALID', message: expect.stringMatching(reason) }),
    );
  });
});

describe('a file that is not understood is refused, so that no test is lost', () => {
  test.each([
    ['another version', 'schemaVersion: 1.0.0'],
    ['an unknown kind of test', 'schemaVersion: 2.0.0\ncontainerRunOptions: {privileged: true}'],
    ['a misspelt key', 'schemaVersion: 2.0.0\nfileExistenceTests: [{name: a, path: /a, shouldexist: false}]'],
    [
      'a pattern that is none',
      "schemaVersion: 2.0.0\nfileContentTests: [{name: a, path: /a, expectedContents: ['(']}]",
    ],
    ['no YAML', 'a: [b'],
    ['nothing', ''],
  ])('%s', (_, source) => {
    expect(() => parseStructureTests(source, 'x', surroundings)).toThrow(
      expect.objectContaining({ code: 'STRUCTURE_TEST_INVALID' }),
    );
  });

  test('whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (source) => {
        try {
          parseStructureTests(source, 'x', surroundings);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }),
    );
  });
});
