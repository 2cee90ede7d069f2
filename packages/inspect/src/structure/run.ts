import { RE2JS } from 're2js';
import type { FileNode, FileSystem, KeepRule } from '../filesystem/types.ts';
import type { ImageConfig } from '../image/config.ts';
import { forbiddenLicenses, isCopyright, licenseFiles } from './licenses.ts';
import type {
  CommandTest,
  ContentTest,
  ExistenceTest,
  LicenseTest,
  MetadataTest,
  StructureTests,
} from './parse.ts';

/** What one test said. */
export interface StructureTestResult {
  readonly kind: 'command' | 'file-existence' | 'file-content' | 'license' | 'metadata';
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'not-run';
  /** What was expected and found, one a line; why it was not run. */
  readonly problems: readonly string[];
}

/** What a command did. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whom commands are run as. */
export interface RunAs {
  /** As the `User` of a configuration. */
  readonly user: string;
  /** `CAP_CHOWN` */
  readonly capabilities: readonly string[];
}

export interface CommandRunner {
  run(command: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandOutcome>;
}

/** A place where programs of the image are run, away from this machine. */
export interface Sandbox {
  /** What runs them, or why that cannot be. */
  commandsAs(as: RunAs): CommandRunner | { readonly problem: string };
}

export interface StructureSubject {
  readonly fileSystem: FileSystem;
  /** Absent for a root file system: tests of metadata are not run then. */
  readonly config: ImageConfig | undefined;
  /** Absent where there is none: tests of commands are not run then. */
  readonly sandbox: Sandbox | undefined;
}

const maxContentBytes = 64 * 1024 * 1024;
const clean = (path: string) =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

/**
 * What the tests need kept, as far as their paths say: a link may lead elsewhere. `missingContents` says where, once
 * the links are known.
 */
export function structureFiles(tests: readonly StructureTests[], more: readonly string[] = []): KeepRule {
  const paths = new Set([
    ...tests.flatMap((one) => one.fileContentTests.map(({ path }) => clean(path))),
    ...tests.flatMap((one) => one.licenseTests.flatMap(({ files }) => files.map(clean))),
    ...more,
  ]);
  const copyrights = tests.some((one) => one.licenseTests.some(({ debian }) => debian));
  return {
    id: `structure-2:${JSON.stringify([copyrights, ...[...paths].sort()])}`,
    keep: ({ path, size }) =>
      size <= maxContentBytes && (paths.has(path) || (copyrights && isCopyright(path))) ? 'whole' : undefined,
  };
}

/** Files the tests look into whose content was not kept, because a link leads to them. */
export function missingContents(tests: readonly StructureTests[], fileSystem: FileSystem): string[] {
  const paths = tests.flatMap((one) => [
    ...one.fileContentTests.map(({ path }) => path),
    ...one.licenseTests.flatMap((test) => licenseFiles(test, fileSystem)),
  ]);
  const nodes = paths.map((path) => fileSystem.resolve(path));
  return nodes.flatMap((node) =>
    node?.type === 'file' && node.content === undefined && node.size <= maxContentBytes ? [node.path] : [],
  );
}

/** Runs the tests of one file. What cannot be run is said to be so, never to have passed. */
export async function runStructureTests(
  tests: StructureTests,
  subject: StructureSubject,
): Promise<readonly StructureTestResult[]> {
  const { fileSystem, config } = subject;
  const results: StructureTestResult[] = [
    ...tests.fileExistenceTests.map((one) =>
      conclude('file-existence', one.name, existence(one, fileSystem)),
    ),
    ...tests.fileContentTests.map((one) => conclude('file-content', one.name, content(one, fileSystem))),
    ...tests.licenseTests.map((one) => conclude('license', 'license', license(one, fileSystem))),
  ];
  if (tests.metadataTest !== undefined) {
    results.push(
      config === undefined
        ? notRun('metadata', 'metadata', 'a root file system has no configuration')
        : conclude('metadata', 'metadata', metadata(tests.metadataTest, config)),
    );
  }
  const commands = runnerOf(tests, subject);
  for (const one of tests.commandTests) {
    results.push(
      'problem' in commands
        ? notRun('command', one.name, commands.problem)
        : conclude('command', one.name, await command(one, tests, config, commands)),
    );
  }
  return results;
}

function runnerOf(
  { containerRunOptions: options }: StructureTests,
  { config, sandbox }: StructureSubject,
): ReturnType<Sandbox['commandsAs']> {
  if (sandbox === undefined)
    return { problem: 'there is no sandbox to run commands in (bubblewrap, or crun)' };
  return sandbox.commandsAs({
    user: options.user ?? config?.user ?? '',
    capabilities: options.capabilities,
  });
}

function conclude(
  kind: StructureTestResult['kind'],
  name: string,
  problems: readonly string[],
): StructureTestResult {
  return { kind, name, status: problems.length === 0 ? 'passed' : 'failed', problems };
}

function notRun(kind: StructureTestResult['kind'], name: string, why: string): StructureTestResult {
  return { kind, name, status: 'not-run', problems: [why] };
}

function existence(test: ExistenceTest, fileSystem: FileSystem): string[] {
  const node = fileSystem.get(test.path) ?? fileSystem.resolve(test.path);
  if (node === undefined) return test.shouldExist ? [`${test.path} is not there`] : [];
  if (!test.shouldExist) return [`${test.path} is there`];
  const found = { permissions: permissions(node), uid: node.uid, gid: node.gid };
  const problems = (['permissions', 'uid', 'gid'] as const)
    .filter((key) => test[key] !== undefined && test[key] !== found[key])
    .map((key) => `${key}: expected ${test[key]}, found ${found[key]}`);
  const bits = { owner: 0o100, group: 0o010, other: 0o001, any: 0o111, '': 0 }[test.isExecutableBy];
  if (bits !== 0 && (node.mode & bits) === 0)
    problems.push(`expected to be executable by ${test.isExecutableBy}, found ${found.permissions}`);
  return problems;
}

/** As `ls -l` and Go's `FileMode.String` for plain files show it. */
function permissions({ type, mode }: FileNode): string {
  const kinds = {
    file: '-',
    directory: 'd',
    symlink: 'l',
    'character-device': 'c',
    'block-device': 'b',
    fifo: 'p',
  };
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-'));
  const special = (at: number, bit: number, letter: string) => {
    if (mode & bit) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase();
  };
  special(2, 0o4000, 's');
  special(5, 0o2000, 's');
  special(8, 0o1000, 't');
  return kinds[type] + bits.join('');
}

function content(test: ContentTest, fileSystem: FileSystem): string[] {
  const found = textAt(test.path, fileSystem);
  if ('problem' in found) return [found.problem];
  return matches(test.expectedContents, test.excludedContents, found.text, test.path);
}

function textAt(
  path: string,
  fileSystem: FileSystem,
): { readonly text: string } | { readonly problem: string } {
  const node = fileSystem.resolve(path);
  if (node?.type !== 'file') return { problem: `${path} is no file that is there` };
  if (node.content === undefined) return { problem: `${path} has more than ${maxContentBytes} bytes` };
  return { text: new TextDecoder().decode(node.content.read(0, node.content.size)) };
}

function license(test: LicenseTest, fileSystem: FileSystem): string[] {
  return licenseFiles(test, fileSystem).flatMap((path) => {
    const found = textAt(path, fileSystem);
    if ('problem' in found) return [found.problem];
    return forbiddenLicenses(found.text).map((name) => `${path}: names the license ${name}`);
  });
}

function matches(
  expected: readonly string[],
  excluded: readonly string[],
  found: string,
  where: string,
): string[] {
  return [
    ...expected.flatMap((pattern) =>
      finds(pattern, found) ? [] : [`${where}: expected to match ${pattern}`],
    ),
    ...excluded.flatMap((pattern) =>
      finds(pattern, found) ? [`${where}: expected not to match ${pattern}`] : [],
    ),
  ];
}

/** RE2, as container-structure-test uses; that patterns are such was checked when the tests were read. */
function finds(pattern: string, text: string): boolean {
  return RE2JS.compile(pattern).matcher(text).find();
}

function metadata(test: MetadataTest, config: ImageConfig): string[] {
  const env = new Map(
    config.env.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
  const labels = new Map(Object.entries(config.labels));
  const pairs = (kind: string, wanted: MetadataTest['labels'], found: ReadonlyMap<string, string>) =>
    wanted.flatMap(({ key, value, isRegex }) => {
      const is = found.get(key);
      if (is === undefined) return [`${kind} ${key} is not set`];
      return (isRegex ? finds(value, is) : value === is)
        ? []
        : [`${kind} ${key}: expected ${value}, found ${is}`];
    });
  const same = (kind: string, wanted: unknown, found: unknown) =>
    wanted === undefined || JSON.stringify(wanted) === JSON.stringify(found)
      ? []
      : [`${kind}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`];
  const listed = (
    kind: string,
    wanted: readonly string[],
    unwanted: readonly string[],
    found: readonly string[],
  ) => {
    // `80` stands for `80/tcp`.
    const has = (one: string) => found.includes(one) || found.includes(`${one}/tcp`);
    return [
      ...wanted.filter((one) => !has(one)).map((one) => `${kind} ${one} is missing`),
      ...unwanted.filter(has).map((one) => `${kind} ${one} is there`),
    ];
  };
  return [
    ...pairs('environment variable', [...test.env, ...test.envVars], env),
    ...test.unboundEnvVars.flatMap(({ key }) => (env.has(key) ? [`environment variable ${key} is set`] : [])),
    ...pairs('label', test.labels, labels),
    ...same('entrypoint', test.entrypoint, config.entrypoint),
    ...same('cmd', test.cmd, config.cmd),
    ...same('workdir', test.workdir, config.workingDir),
    ...same('user', test.user, config.user),
    ...listed('port', test.exposedPorts, test.unexposedPorts, config.exposedPorts),
    ...listed('volume', test.volumes, test.unmountedVolumes, config.volumes),
  ];
}

async function command(
  test: CommandTest,
  { globalEnvVars, containerRunOptions }: StructureTests,
  config: ImageConfig | undefined,
  sandbox: CommandRunner,
): Promise<string[]> {
  const ofConfig = Object.fromEntries(
    (config?.env ?? []).map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
  const image = { ...ofConfig, ...containerRunOptions.env };
  const own = [...globalEnvVars, ...test.envVars].map(({ key, value }) => [key, expand(value, image)]);
  const env: Record<string, string> = { ...image, ...Object.fromEntries(own) };
  for (const setup of test.setup) {
    const { exitCode } = await sandbox.run(setup, env);
    if (exitCode !== 0) return [`the setup ${setup.join(' ')} exited with ${exitCode}`];
  }
  const outcome = await sandbox.run(
    [test.command, ...test.args].map((word) => expand(word, env)),
    env,
  );
  for (const teardown of test.teardown) await sandbox.run(teardown, env);
  return [
    ...(outcome.exitCode === test.exitCode
      ? []
      : [`expected exit code ${test.exitCode}, found ${outcome.exitCode}`]),
    ...matches(test.expectedOutput, test.excludedOutput, outcome.stdout, 'output'),
    ...matches(test.expectedError, test.excludedError, outcome.stderr, 'error output'),
  ];
}

/**
 * `$NAME` and `${NAME}` of variables that are set. container-structure-test makes nothing of all others, which would take
 * a shell its own variables.
 */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole, braced, bare) => {
    const name: string = braced ?? bare;
    return Object.hasOwn(env, name) ? env[name]! : whole;
  });
}
