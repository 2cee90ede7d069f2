/** What the proofs against foreign tools have at hand: the tools, two fresh registries, key pairs and images. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ToolName, toolNames } from '../tools/catalog.ts';
import { installTools, type ToolPaths } from '../tools/install.ts';
import { pratique } from './pratique.ts';
import { describe, type Result, type RunOptions, run } from './process.ts';
import { startDockerRegistry, startOurRegistry, type TestImage, type TestRegistry } from './registries.ts';

/** One thing that must work between us and somebody else. It fails by throwing. */
export interface Scenario {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** A key pair in cosign's files. Every private key has the password in `COSIGN_PASSWORD`. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A foreign tool, the command of this checkout, or any other way to start one: a command and its first arguments. */
export type Program = ToolName | 'pratique' | readonly [command: string, ...prefix: string[]];

/** The password of every private key here. */
export const PASSWORD = 'correct horse battery staple';

export class Context {
  readonly tools: ToolPaths;
  readonly directory: string;
  readonly ours: TestRegistry;
  readonly theirs: TestRegistry;
  readonly registries: readonly TestRegistry[];
  #count = 0;

  private constructor(tools: ToolPaths, directory: string, ours: TestRegistry, theirs: TestRegistry) {
    this.tools = tools;
    this.directory = directory;
    this.ours = ours;
    this.theirs = theirs;
    this.registries = [ours, theirs];
  }

  static async open(): Promise<Context> {
    const tools = await installTools(toolNames);
    const directory = mkdtempSync(join(tmpdir(), 'pratique-interop-'));
    const ours = await startOurRegistry(join(directory, 'pratique'));
    const theirs = await startDockerRegistry(tools['docker-registry'], join(directory, 'docker-registry'));
    return new Context(tools, directory, ours, theirs);
  }

  async close(): Promise<void> {
    await Promise.all(this.registries.map((registry) => registry.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Runs a program to its end, away from this user's configuration and credentials. */
  async run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const [command, ...prefix] = this.#commandOf(program);
    const home = join(this.directory, 'home');
    mkdirSync(home, { recursive: true });
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_RUNTIME_DIR: home,
      DOCKER_CONFIG: home,
      TUF_ROOT: join(home, 'tuf'),
      COSIGN_PASSWORD: PASSWORD,
      NO_COLOR: '1',
      ...options.env,
    };
    const result = await run(command, [...prefix, ...args], { cwd: this.directory, ...options, env });
    // A crash must never pass for the refusal or the fault a scenario waits for.
    if (
      (program === 'pratique' || typeof program !== 'string') &&
      /\bINTERNAL\b/.test(`${result.stdout}${result.stderr}`)
    )
      throw new Error(describe(String(program), args, result));
    return result;
  }

  #commandOf(program: Program): readonly [command: string, ...prefix: string[]] {
    if (typeof program !== 'string') return program;
    return program === 'pratique' ? pratique : [this.tools[program]];
  }

  /** Runs a program that must succeed; returns its standard output. */
  async ok(program: Program, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(program, args, options);
    if (result.code !== 0) throw new Error(describe(String(program), args, result));
    return result.stdout;
  }

  /** Runs a program that must exit with `code`. */
  async exits(
    code: number,
    program: Program,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Result> {
    const result = await this.run(program, args, options);
    if (result.code !== code)
      throw new Error(`expected exit ${code}\n${describe(String(program), args, result)}`);
    return result;
  }

  /** A name nothing else here uses. */
  unique(prefix: string): string {
    this.#count++;
    return `${prefix}${this.#count}`;
  }

  /** An empty directory of the scenario's own. */
  scratch(): string {
    const directory = join(this.directory, this.unique('scratch'));
    mkdirSync(directory);
    return directory;
  }

  /** Puts a new small image, unlike any other, on `registry`. */
  async image(registry: TestRegistry): Promise<TestImage> {
    const repository = this.unique('team/app');
    const tagged = `${registry.host}/${repository}:v1`;
    const directory = this.scratch();
    writeFileSync(join(directory, 'id'), randomBytes(32));
    const tar = await run('tar', ['-C', directory, '-cf', `${directory}.tar`, '.']);
    if (tar.code !== 0) throw new Error(describe('tar', [], tar));
    const printed = await this.ok('crane', [
      'append',
      '--insecure',
      '--oci-empty-base',
      '-f',
      `${directory}.tar`,
      '-t',
      tagged,
    ]);
    const digest = /sha256:[0-9a-f]{64}/.exec(printed)![0];
    return { registry, repository, digest, tagged, pinned: `${registry.host}/${repository}@${digest}` };
  }

  /** A new key pair, made by `program`. */
  async keyPair(program: 'cosign' | 'pratique'): Promise<KeyPair> {
    const prefix = join(this.scratch(), 'key');
    await this.ok(program, ['generate-key-pair', '--output-key-prefix', prefix]);
    return { privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` };
  }
}
