import { defineCommand } from '../program/spec.ts';
import { needlessFlag, refusedFlag } from './refused.ts';
import { registryFlags } from './shared.ts';

const group = 'Policies';

/** Which Rego the files are written in. */
const languageFlags = {
  'v0-compatible': { kind: 'boolean', summary: 'The policies are written in Rego v0, as before OPA 1.0' },
  'v1-compatible': {
    kind: 'boolean',
    hidden: true,
    summary: 'The policies are written in Rego v1, the default',
  },
} as const;

const ignoreFlag = {
  ignore: {
    kind: 'list',
    placeholder: 'NAME',
    summary: "Files and directories to pass over, such as '.*' or '*_test.rego'; may be repeated",
  },
} as const;

const bundleModeFlag = {
  bundle: {
    kind: 'boolean',
    short: 'b',
    summary: 'The paths are bundles: archives, or directories laid out as one',
  },
} as const;

const capabilitiesFlag = {
  capabilities: {
    kind: 'string',
    placeholder: 'FILE|VERSION',
    summary: 'Refuse built-in functions that this capabilities.json, or this release of OPA, does not have',
  },
} as const;

const schemaFlag = {
  schema: {
    kind: 'string',
    short: 's',
    placeholder: 'FILE|DIR',
    summary: 'JSON Schema of the input, or a directory of schemas that METADATA annotations name',
  },
} as const;

const formatFlag = {
  format: {
    kind: 'string',
    short: 'f',
    choices: ['pretty', 'json'],
    default: 'pretty',
    summary: 'Form of the output',
  },
} as const;

/** What a query is evaluated on. */
const sourceFlags = {
  data: {
    kind: 'list',
    short: 'd',
    placeholder: 'FILE|DIR',
    summary: 'Policies and documents: .rego, .json, .yaml, .tar.gz; PREFIX:FILE puts one at data.PREFIX',
  },
  bundle: {
    kind: 'list',
    short: 'b',
    placeholder: 'FILE|DIR|URL',
    summary: 'Bundles: an archive, a directory, https://…, or oci://IMAGE',
  },
  ...ignoreFlag,
} as const;

const signatureFlags = {
  'verification-key': {
    kind: 'string',
    placeholder: 'FILE|SECRET',
    summary: 'Accept only bundles that this public key (PEM file) or secret (HMAC) signed',
  },
  'verification-key-id': {
    kind: 'string',
    placeholder: 'NAME',
    default: 'default',
    summary: 'Name of the key, written into signatures',
  },
  scope: { kind: 'string', placeholder: 'NAME', summary: 'Scope that signatures must be for' },
  'exclude-files-verify': {
    kind: 'list',
    placeholder: 'PATTERN',
    summary: 'Files that need not be signed; may be repeated',
  },
  'signing-alg': {
    kind: 'string',
    placeholder: 'ALG',
    default: 'RS256',
    summary: 'Signature algorithm: RS256, PS256, ES256, HS256, …',
  },
} as const;

const signingFlags = {
  'signing-key': {
    kind: 'string',
    placeholder: 'FILE|SECRET',
    summary: 'Sign with this private key (PEM file) or secret (HMAC)',
  },
  'claims-file': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'JSON file with further claims of the signature, such as scope',
  },
  'signing-plugin': refusedFlag(
    'string',
    'plugins of OPA are Go code that is compiled into it. Sign with --signing-key.',
  ),
} as const;

export const policyEval = defineCommand({
  name: 'policy eval',
  group,
  summary: 'Evaluate a Rego query, as opa eval does',
  examples: [
    {
      command: "pratique policy eval -d policy.rego -i input.json 'data.example.allow'",
      does: 'the value of a rule for an input',
    },
    {
      command: "pratique policy eval -b bundle.tar.gz --format raw 'data.example.deny[_]'",
      does: 'values for a script, from a bundle',
    },
  ],
  description:
    'Exit 0: done. Exit 1: --fail and nothing defined, or --fail-defined and something. Exit 2: an error.\nhttp.send, net.lookup_ip_addr and the environment are closed to policies here.',
  args: ['[QUERY]'],
  flags: {
    ...sourceFlags,
    input: { kind: 'string', short: 'i', placeholder: 'FILE', summary: 'Input document, JSON or YAML' },
    'stdin-input': { kind: 'boolean', short: 'I', summary: 'Read the input document from standard input' },
    stdin: { kind: 'boolean', summary: 'Read the query from standard input' },
    format: {
      kind: 'string',
      short: 'f',
      choices: ['json', 'values', 'bindings', 'pretty', 'raw', 'discard', 'source'],
      default: 'json',
      summary: 'Form of the output',
    },
    package: { kind: 'string', placeholder: 'PACKAGE', summary: 'Package whose rules the query may name' },
    import: {
      kind: 'list',
      placeholder: 'PATH',
      summary: 'Import for the query, such as data.lib; may be repeated',
    },
    fail: { kind: 'boolean', summary: 'Exit 1 when the query is undefined' },
    'fail-defined': { kind: 'boolean', summary: 'Exit 1 when the query has a result' },
    strict: { kind: 'boolean', short: 'S', summary: 'Unused imports, variables and arguments are errors' },
    'strict-builtin-errors': { kind: 'boolean', summary: 'Errors of built-in functions end the evaluation' },
    timeout: {
      kind: 'string',
      placeholder: 'DURATION',
      summary: 'End the evaluation after this long: 500ms, 10s',
    },
    'verification-key': signatureFlags['verification-key'],
    'signing-alg': signatureFlags['signing-alg'],
    scope: signatureFlags.scope,
    'exclude-files-verify': signatureFlags['exclude-files-verify'],
    explain: {
      kind: 'string',
      choices: ['off', 'full', 'notes', 'fails', 'debug'],
      default: 'off',
      summary: 'Show what happened: everything, notes of trace(), what failed, or comparisons too',
    },
    'var-values': { kind: 'boolean', summary: 'Show values of variables in the explanation' },
    coverage: { kind: 'boolean', summary: 'Report which lines were evaluated' },
    partial: {
      kind: 'boolean',
      short: 'p',
      summary: 'Evaluate as far as it goes without the unknowns; --format source shows what is left as Rego',
    },
    unknowns: {
      kind: 'list',
      placeholder: 'PATH',
      summary: 'Paths that are not known to --partial; input unless given; may be repeated',
    },
    'disable-inlining': {
      kind: 'list',
      placeholder: 'PATH',
      summary: 'Documents that --partial keeps as rules; may be repeated',
    },
    'shallow-inlining': {
      kind: 'boolean',
      summary: 'Keep every document as a rule that depends on unknowns',
    },
    'disable-indexing': { kind: 'boolean', summary: 'Evaluate rules that the index would rule out, too' },
    'disable-early-exit': { kind: 'boolean', summary: 'Evaluate all rules where one would be enough' },
    profile: { kind: 'boolean', summary: 'Report how often each line was evaluated, and for how long' },
    'profile-limit': {
      kind: 'integer',
      summary: 'Lines of the profile to show; 10 unless given, 0 shows all',
    },
    'profile-sort': {
      kind: 'list',
      placeholder: 'ORDER',
      summary:
        'Order of the profile: total_time_ns, num_eval, num_redo, num_gen_expr, file, line; may be repeated',
    },
    metrics: { kind: 'boolean', summary: 'Report how long the steps took' },
    count: {
      kind: 'integer',
      default: 1,
      summary: 'Times to compile and evaluate; --metrics and --profile then report how the times are spread',
    },
    ...schemaFlag,
    ...capabilitiesFlag,
    ...languageFlags,
    ...registryFlags,
  },
});

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
    'max-errors': { kind: 'integer', short: 'm', default: 10, summary: 'Problems to show; 0 shows all' },
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
  ],
  description:
    'Exit 0: all passed. Exit 1: the policies cannot be used. Exit 2: a test failed, or is skipped (todo_).',
  args: ['PATH...'],
  flags: {
    ...bundleModeFlag,
    format: {
      kind: 'string',
      short: 'f',
      choices: ['pretty', 'json', 'junit'],
      default: 'pretty',
      summary: 'Form of the report',
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
    timeout: { kind: 'string', placeholder: 'DURATION', default: '5s', summary: 'For each test' },
    count: { kind: 'integer', default: 1, summary: 'Times to run each test' },
    coverage: { kind: 'boolean', short: 'c', summary: 'Report coverage instead of results' },
    threshold: { kind: 'string', placeholder: 'PERCENT', summary: 'Exit 2 when coverage is below this' },
    'exit-zero-on-skipped': { kind: 'boolean', short: 'z', summary: 'Skipped tests are no failure' },
    'fail-on-empty': { kind: 'boolean', summary: 'Exit 1 when there is no test to run' },
    ...schemaFlag,
    ...capabilitiesFlag,
    ...languageFlags,
  },
});

/** What runs the policies: there is one engine here. */
const targetFlag = {
  target: {
    kind: 'string',
    short: 't',
    placeholder: 'NAME',
    default: 'rego',
    hidden: true,
    summary: 'What runs the policies; rego is all there is',
  },
} as const;

const noPlans = 'it is for plans and WebAssembly, which opa build makes.';

export const policyBuild = defineCommand({
  name: 'policy build',
  group,
  summary: 'Pack policies and documents into a bundle that OPA loads',
  examples: [
    { command: 'pratique policy build -b policies/ -r v1.2.0', does: 'bundle.tar.gz of a bundle directory' },
    {
      command: 'pratique policy build -b --signing-key key.pem -o signed.tar.gz policies/',
      does: 'signed; the same content gives the same bytes',
    },
  ],
  args: ['PATH...'],
  flags: {
    ...bundleModeFlag,
    output: {
      kind: 'string',
      short: 'o',
      placeholder: 'FILE',
      default: 'bundle.tar.gz',
      summary: 'Where the bundle is written',
    },
    revision: { kind: 'string', short: 'r', placeholder: 'TEXT', summary: 'Revision in the manifest' },
    entrypoint: {
      kind: 'list',
      short: 'e',
      placeholder: 'PATH',
      summary: 'Rule (a/b/allow) that is asked for, beside those that METADATA marks; may be repeated',
    },
    optimize: {
      kind: 'integer',
      short: 'O',
      default: 0,
      summary: 'Evaluate entry points as far as it goes without an input: 1, or 2 to put rules into others',
    },
    'partial-namespace': {
      kind: 'string',
      placeholder: 'NAME',
      default: 'partial',
      summary: 'Package of rules that --optimize makes',
    },
    'follow-symlinks': {
      kind: 'boolean',
      summary: 'With --bundle: files that symbolic links lead to belong to the bundle',
    },
    'prune-unused': needlessFlag(
      'boolean',
      'Which rules plans and WebAssembly hold; bundles of Rego hold all',
    ),
    debug: refusedFlag('boolean', 'what it tells are steps of OPA’s compiler.'),
    ...targetFlag,
    format: refusedFlag('string', noPlans),
    'plan-addons': refusedFlag('list', noPlans),
    'wasm-include-print': refusedFlag('boolean', noPlans),
    ...ignoreFlag,
    ...signingFlags,
    ...signatureFlags,
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

export const policyInspect = defineCommand({
  name: 'policy inspect',
  group,
  summary: 'Show what is in a bundle: manifest, packages, documents, signature',
  examples: [
    {
      command: 'pratique policy inspect bundle.tar.gz',
      does: 'an archive; also a directory or a .rego file',
    },
  ],
  args: ['PATH'],
  flags: {
    annotations: { kind: 'boolean', short: 'a', summary: 'Show what METADATA blocks say' },
    ...formatFlag,
    ...languageFlags,
  },
});

export const policySign = defineCommand({
  name: 'policy sign',
  group,
  summary: 'Write the signature of a bundle, as opa sign does',
  examples: [
    {
      command: 'pratique policy sign -b --signing-key key.pem -o policies policies/',
      does: 'policies/.signatures.json, for opa build --verification-key',
    },
  ],
  args: ['PATH...'],
  flags: {
    ...bundleModeFlag,
    ...signingFlags,
    'signing-alg': signatureFlags['signing-alg'],
    'output-file-path': {
      kind: 'string',
      short: 'o',
      placeholder: 'DIR',
      default: '.',
      summary: 'Where .signatures.json is written',
    },
  },
});

export const policyDeps = defineCommand({
  name: 'policy deps',
  group,
  summary: 'List the documents and rules that a query depends on',
  examples: [
    { command: 'pratique policy deps -d policy.rego data.example.allow', does: 'base and virtual documents' },
  ],
  args: ['QUERY'],
  flags: { ...sourceFlags, ...formatFlag, ...languageFlags, ...registryFlags },
});

/** `opa bench` starts OPA's server and measures requests to it. */
const noServer =
  'there is no server of OPA’s API here. Measure OPA’s with opa bench --e2e; the webhook with any HTTP load tool.';

const servedFlags = {
  e2e: refusedFlag('boolean', noServer),
  'config-file': { ...refusedFlag('string', noServer), short: 'c' },
  'shutdown-grace-period': refusedFlag('integer', noServer),
  'shutdown-wait-period': refusedFlag('integer', noServer),
} as const;

export const policyBench = defineCommand({
  name: 'policy bench',
  group,
  summary: 'Measure how long a query takes, as opa bench does',
  examples: [
    {
      command: 'pratique policy bench -d policy.rego -i input.json data.example.allow',
      does: 'about a second',
    },
  ],
  description:
    'Exit 1 where the query is undefined: that is rarely what was to be measured. --no-fail allows it.',
  args: ['[QUERY]'],
  flags: {
    ...sourceFlags,
    input: policyEval.flags.input,
    'stdin-input': policyEval.flags['stdin-input'],
    stdin: policyEval.flags.stdin,
    package: policyEval.flags.package,
    import: policyEval.flags.import,
    partial: { kind: 'boolean', short: 'p', summary: 'Measure how long partial evaluation takes' },
    unknowns: { ...policyEval.flags.unknowns, short: 'u' },
    format: {
      kind: 'string',
      short: 'f',
      choices: ['pretty', 'json', 'gobench'],
      default: 'pretty',
      summary: 'Form of the output',
    },
    metrics: { kind: 'boolean', default: true, summary: 'Report how the times are spread' },
    count: { kind: 'integer', default: 1, summary: 'Times to repeat' },
    fail: { kind: 'boolean', default: true, summary: 'Exit 1 when the query is undefined' },
    'optimize-store-for-read-speed': needlessFlag(
      'boolean',
      'Documents are held as values of Rego in any case',
    ),
    ...targetFlag,
    benchmem: refusedFlag('boolean', 'JavaScript does not tell what one evaluation allocates.'),
    ...servedFlags,
    ...schemaFlag,
    ...languageFlags,
    ...registryFlags,
  },
});
