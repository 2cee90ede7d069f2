import { printable } from '@pratique/errors';
import { readYaml, YamlError } from '@pratique/yaml';
import { RE2JS } from 're2js';
import * as v from 'valibot';
import { inspectErrors } from '../errors.ts';
import { runEnvironment, runOptions } from './run-options.ts';

const text = v.pipe(v.string(), v.maxLength(10_000));
const patterns = v.optional(
  v.pipe(v.array(v.pipe(text, v.check(compiles, 'not an RE2 expression'))), v.maxLength(1000)),
  [],
);
const texts = v.optional(v.pipe(v.array(text), v.maxLength(1000)), []);
const list = <const Item extends v.GenericSchema>(item: Item) =>
  v.optional(v.pipe(v.array(item), v.maxLength(1000)), []);
/** Environment and labels: the value is an RE2 expression where `isRegex` says so. */
const pair = v.pipe(
  v.strictObject({ key: text, value: text, isRegex: v.optional(v.boolean(), false) }),
  v.check(({ value, isRegex }) => !isRegex || compiles(value), 'not an RE2 expression'),
);

const commandTest = v.strictObject({
  name: text,
  setup: list(v.array(text)),
  teardown: list(v.array(text)),
  envVars: list(pair),
  command: text,
  args: texts,
  expectedOutput: patterns,
  excludedOutput: patterns,
  expectedError: patterns,
  excludedError: patterns,
  exitCode: v.optional(v.pipe(v.number(), v.integer()), 0),
});

const existenceTest = v.strictObject({
  name: text,
  path: text,
  shouldExist: v.optional(v.boolean(), true),
  /** As `ls -l` shows it: `-rwxr-xr-x`. */
  permissions: v.optional(v.pipe(text, v.regex(/^[-dlcbps][-rwxsStT]{9}$/)), undefined),
  uid: v.optional(v.pipe(v.number(), v.integer()), undefined),
  gid: v.optional(v.pipe(v.number(), v.integer()), undefined),
  isExecutableBy: v.optional(v.picklist(['', 'owner', 'group', 'other', 'any']), ''),
});

const contentTest = v.strictObject({
  name: text,
  path: text,
  expectedContents: patterns,
  excludedContents: patterns,
});

const metadataTest = v.strictObject({
  envVars: list(pair),
  unboundEnvVars: list(v.strictObject({ key: text })),
  env: list(pair),
  labels: list(pair),
  entrypoint: v.optional(v.array(text), undefined),
  cmd: v.optional(v.array(text), undefined),
  exposedPorts: texts,
  unexposedPorts: texts,
  volumes: texts,
  unmountedVolumes: texts,
  workdir: v.optional(text, undefined),
  user: v.optional(text, undefined),
});

const licenseTest = v.strictObject({
  debian: v.optional(v.boolean(), false),
  files: texts,
});

const schema = v.strictObject({
  schemaVersion: v.literal('2.0.0'),
  containerRunOptions: v.optional(runOptions, {}),
  /** For every command test, before its own. */
  globalEnvVars: list(pair),
  commandTests: list(commandTest),
  fileExistenceTests: list(existenceTest),
  fileContentTests: list(contentTest),
  metadataTest: v.optional(metadataTest, undefined),
  licenseTests: list(licenseTest),
});

export type CommandTest = v.InferOutput<typeof commandTest>;
export type ExistenceTest = v.InferOutput<typeof existenceTest>;
export type ContentTest = v.InferOutput<typeof contentTest>;
export type LicenseTest = v.InferOutput<typeof licenseTest>;
export type MetadataTest = v.InferOutput<typeof metadataTest>;
/** How its commands are run. */
export interface ContainerRunOptions {
  /** Instead of the user of the configuration. */
  readonly user: string | undefined;
  /** `CAP_CHOWN` */
  readonly capabilities: readonly string[];
  /** Variables beside those of the configuration. */
  readonly env: Readonly<Record<string, string>>;
}
/** A test file of container-structure-test. */
export type StructureTests = Omit<v.InferOutput<typeof schema>, 'containerRunOptions'> & {
  readonly containerRunOptions: ContainerRunOptions;
};

/** What a test file takes from outside. */
export interface TestSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the file that `envFile` names. */
  readFile(path: string): string;
}

function compiles(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

const maxCharacters = 1024 * 1024;

/**
 * Reads a test file of container-structure-test, `schemaVersion: 2.0.0`, YAML or JSON. A key that is not known is
 * refused, and so is one that cannot be honoured: a test that is not run must not look like one that passed.
 *
 * @param name for people
 * @throws STRUCTURE_TEST_INVALID; what `readFile` throws
 */
export function parseStructureTests(
  source: string,
  name: string,
  surroundings: TestSurroundings,
): StructureTests {
  const invalid = (message: string) =>
    inspectErrors.error('STRUCTURE_TEST_INVALID', { message: `${printable(name)}: ${printable(message)}` });
  let document: unknown;
  try {
    document = readYaml(source, { maxCharacters });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw invalid(error.text);
  }
  const parsed = v.safeParse(schema, document);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw invalid(`${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
  }
  const { containerRunOptions: options, ...tests } = parsed.output;
  const env = runEnvironment(options, surroundings, invalid);
  return {
    ...tests,
    containerRunOptions: { user: options.user, capabilities: options.capabilities, env },
  };
}
