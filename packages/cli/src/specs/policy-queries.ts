import { defineCommand } from '../program/spec.ts';
import {
  benchmemFlag,
  capabilitiesFlag,
  coverageRunsFlag,
  formatFlag,
  group,
  languageFlags,
  schemaFlag,
  signatureFlags,
  sourceFlags,
  targetFlag,
} from './policy-flags.ts';
import { needlessFlag, refusedFlag } from './refused.ts';
import { registryFlags } from './shared.ts';

const fastStoreFlag = needlessFlag('boolean', 'Documents are held as values of Rego in any case');

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
    'show-builtin-errors': {
      kind: 'boolean',
      summary: 'Report errors of built-in functions, which leave a call without a value',
    },
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
    ...coverageRunsFlag,
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
    'nondeterminstic-builtins': {
      kind: 'boolean',
      aliases: ['nondeterministic-builtins'],
      summary: 'With --partial: call functions such as time.now_ns now, where their arguments are known',
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
    instrument: refusedFlag(
      'boolean',
      'it measures steps of OPA’s own engine. --metrics and --profile measure this one.',
    ),
    optimize: {
      kind: 'integer',
      short: 'O',
      default: 0,
      summary: 'Evaluate entry points as far as it goes before the query: 1, or 2 to put rules into others',
    },
    entrypoint: {
      kind: 'list',
      short: 'e',
      placeholder: 'PATH',
      summary:
        'With --optimize: rule (a/b/allow) to evaluate, beside those that METADATA marks; may be repeated',
    },
    'pretty-limit': needlessFlag('integer', 'opa eval takes it, and cuts nothing either'),
    'optimize-store-for-read-speed': fastStoreFlag,
    ...targetFlag,
    ...schemaFlag,
    ...capabilitiesFlag,
    ...languageFlags,
    ...registryFlags,
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
    'optimize-store-for-read-speed': fastStoreFlag,
    ...targetFlag,
    ...benchmemFlag,
    ...servedFlags,
    ...schemaFlag,
    ...languageFlags,
    ...registryFlags,
  },
});
