import { defineCommand } from '../program/spec.ts';
import {
  bundleModeFlag,
  capabilitiesFlag,
  formatFlag,
  group,
  ignoreFlag,
  languageFlags,
  signatureFlags,
  signingFlags,
  targetFlag,
} from './policy-flags.ts';
import { needlessFlag, refusedFlag } from './refused.ts';

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
