import { defineCommand } from '../program/spec.ts';
import {
  benchmemFlag,
  bundleModeFlag,
  capabilitiesFlag,
  coverageRunsFlag,
  formatFlag,
  group,
  ignoreFlag,
  languageFlags,
  maxErrorsFlag,
  schemaFlag,
  targetFlag,
} from './policy-flags.ts';
import { needlessFlag } from './refused.ts';

export const policyCheck = defineCommand({
  name: 'policy check',
  group,
  summary: 'Check Rego files for errors, as opa check does',
  examples: [
    { command: 'pratique policy check policies/', does: 'parse and compile all policies of a directory' },
    {
      command: 'pratique policy check --strict --format json policies/',
      does: 'strictly, with problems as JSON',
    },
  ],
  description: 'Exit 0: no problems. Exit 1: problems, each with file, line, column and a hint.',
  args: ['PATH...'],
  flags: {
    ...bundleModeFlag,
    ...formatFlag,
    ...ignoreFlag,
    strict: { kind: 'boolean', short: 'S', summary: 'Unused imports, variables and arguments are errors' },
    ...maxErrorsFlag,
    'v0-v1': { kind: 'boolean', summary: 'The policies must be both Rego v0 and v1' },
    ...schemaFlag,
    ...capabilitiesFlag,
    ...languageFlags,
  },
});

export const policyFmt = defineCommand({
  name: 'policy fmt',
  group,
  summary: 'Format Rego files, exactly as opa fmt does',
  examples: [
    { command: 'pratique policy fmt -w policies/', does: 'rewrite files in place' },
    {
      command: 'pratique policy fmt --list --fail policies/',
      does: 'in CI: names of unformatted files, exit 2 if any',
    },
    {
      command: 'pratique policy fmt --v0-v1 -w policies/',
      does: 'from Rego v0 to what both v0 and v1 accept',
    },
  ],
  description:
    'Without PATH it formats standard input. Exit 2: a file cannot be formatted, or --fail and something would change.',
  args: ['[PATH...]'],
  flags: {
    write: { kind: 'boolean', short: 'w', summary: 'Overwrite files instead of printing them' },
    list: { kind: 'boolean', short: 'l', summary: 'Print names of files that would change' },
    diff: { kind: 'boolean', short: 'd', summary: 'Print what would change' },
    fail: { kind: 'boolean', summary: 'Exit 2 when a file would change' },
    'drop-v0-imports': { kind: 'boolean', summary: 'Leave out imports that only Rego v0 needs' },
    'check-result': {
      kind: 'boolean',
      default: true,
      summary: 'Refuse a result that would mean something else than the source',
    },
    'v0-v1': { kind: 'boolean', summary: 'Format Rego v0 so that it is v1 too' },
    capabilities: {
      kind: 'string',
      placeholder: 'FILE|VERSION',
      summary: 'Format for a release of OPA that may not know keywords in references (a.if)',
    },
    ...languageFlags,
  },
});

export const policyTest = defineCommand({
  name: 'policy test',
  group,
  summary: 'Run the tests of policies, as opa test does',
  examples: [
    { command: 'pratique policy test policies/', does: 'run every rule named test_…' },
    { command: 'pratique policy test --coverage --threshold 90 policies/', does: 'fail below 90 % coverage' },
    { command: 'pratique policy test --format junit policies/ > report.xml', does: 'a report for CI' },
    { command: 'pratique policy test --bench policies/', does: 'how long each test takes' },
  ],
  description:
    'Exit 0: all passed. Exit 1: the policies cannot be used. Exit 2: a test failed, or is skipped (todo_).',
  args: ['PATH...'],
  flags: {
    ...bundleModeFlag,
    format: {
      kind: 'string',
      short: 'f',
      choices: ['pretty', 'json', 'junit', 'gobench'],
      default: 'pretty',
      summary: 'Form of the report; gobench is for --bench, for tools that read what Go’s benchmarks print',
    },
    ...ignoreFlag,
    explain: {
      kind: 'string',
      choices: ['fails', 'full', 'notes', 'debug'],
      summary: 'What to show of tests that fail, with --verbose; notes and what failed unless given',
    },
    verbose: { kind: 'boolean', short: 'v', summary: 'Show tests that passed too' },
    'var-values': {
      kind: 'boolean',
      summary: 'Show the expression that made a test fail, with the values of its variables',
    },
    run: { kind: 'string', short: 'r', placeholder: 'REGEX', summary: 'Only tests whose full name matches' },
    timeout: {
      kind: 'string',
      placeholder: 'DURATION',
      summary: 'For each test; 5s unless given, and 30s with --bench',
    },
    count: { kind: 'integer', default: 1, summary: 'Times to run each test' },
    bench: {
      kind: 'boolean',
      summary: 'Measure each test for about a second; those that todo_ skips are run too, as in OPA',
    },
    ...benchmemFlag,
    watch: { kind: 'boolean', short: 'w', summary: 'Run the tests again whenever a file changes' },
    sort: {
      kind: 'string',
      choices: ['none', 'duration'],
      default: 'none',
      summary: 'Order of the results with --format json: the slowest first',
    },
    coverage: { kind: 'boolean', short: 'c', summary: 'Report coverage instead of results' },
    ...coverageRunsFlag,
    threshold: { kind: 'string', placeholder: 'PERCENT', summary: 'Exit 2 when coverage is below this' },
    'exit-zero-on-skipped': { kind: 'boolean', short: 'z', summary: 'Skipped tests are no failure' },
    'fail-on-empty': { kind: 'boolean', summary: 'Exit 1 when there is no test to run' },
    ...maxErrorsFlag,
    parallel: { ...needlessFlag('integer', 'Tests run one after another'), short: 'p' },
    ...targetFlag,
    ...schemaFlag,
    ...capabilitiesFlag,
    ...languageFlags,
  },
});

export const policyParse = defineCommand({
  name: 'policy parse',
  group,
  summary: 'Print the syntax tree of a Rego file, as opa parse does',
  examples: [{ command: 'pratique policy parse --format json policy.rego', does: 'the tree as JSON' }],
  args: ['FILE'],
  flags: {
    format: { ...formatFlag.format, default: 'pretty' },
    'json-include': {
      kind: 'string',
      placeholder: 'PARTS',
      summary: 'locations adds places, -comments leaves comments out; separated by commas',
    },
    ...languageFlags,
  },
});

export const policyCapabilities = defineCommand({
  name: 'policy capabilities',
  group,
  summary: 'Print the built-in functions and features of Rego, here and in releases of OPA',
  examples: [
    { command: 'pratique policy capabilities', does: 'releases whose capabilities are known' },
    { command: 'pratique policy capabilities --current', does: 'JSON for opa check --capabilities' },
  ],
  args: [],
  flags: {
    current: { kind: 'boolean', summary: 'What this version has' },
    version: {
      kind: 'string',
      placeholder: 'VERSION',
      summary: 'What a release of OPA has, such as v0.34.0',
    },
    file: { kind: 'string', placeholder: 'FILE', summary: 'What a capabilities.json says' },
    'v0-compatible': languageFlags['v0-compatible'],
  },
});

export const policyData = defineCommand({
  name: 'policy data',
  group,
  summary: 'Print the data policies rely on, for an OPA server that evaluates them',
  examples: [
    { command: 'pratique policy data --trust trust.yaml > data.json', does: 'parameters and site data' },
  ],
  args: [],
  flags: {
    trust: {
      kind: 'string',
      placeholder: 'FILE',
      default: 'trust.yaml',
      summary: 'Trust configuration the data is in',
    },
  },
});
