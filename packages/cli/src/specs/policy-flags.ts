import { refusedFlag } from './refused.ts';

export const group = 'Policies';

/** Which Rego the files are written in. */
export const languageFlags = {
  'v0-compatible': { kind: 'boolean', summary: 'The policies are written in Rego v0, as before OPA 1.0' },
  'v1-compatible': {
    kind: 'boolean',
    hidden: true,
    summary: 'The policies are written in Rego v1, the default',
  },
} as const;

export const ignoreFlag = {
  ignore: {
    kind: 'list',
    placeholder: 'NAME',
    summary: "Files and directories to pass over, such as '.*' or '*_test.rego'; may be repeated",
  },
} as const;

export const bundleModeFlag = {
  bundle: {
    kind: 'boolean',
    short: 'b',
    summary: 'The paths are bundles: archives, or directories laid out as one',
  },
} as const;

export const capabilitiesFlag = {
  capabilities: {
    kind: 'string',
    placeholder: 'FILE|VERSION',
    summary: 'Refuse built-in functions that this capabilities.json, or this release of OPA, does not have',
  },
} as const;

export const schemaFlag = {
  schema: {
    kind: 'string',
    short: 's',
    placeholder: 'FILE|DIR',
    summary: 'JSON Schema of the input, or a directory of schemas that METADATA annotations name',
  },
} as const;

export const formatFlag = {
  format: {
    kind: 'string',
    short: 'f',
    choices: ['pretty', 'json'],
    default: 'pretty',
    summary: 'Form of the output',
  },
} as const;

/** What a query is evaluated on. */
export const sourceFlags = {
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

export const signatureFlags = {
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

export const signingFlags = {
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

/** What runs the policies: there is one engine here. */
export const targetFlag = {
  target: {
    kind: 'string',
    short: 't',
    placeholder: 'NAME',
    default: 'rego',
    hidden: true,
    summary: 'What runs the policies; rego is all there is',
  },
} as const;

export const maxErrorsFlag = {
  'max-errors': { kind: 'integer', short: 'm', default: 10, summary: 'Problems to show; 0 shows all' },
} as const;

/** Of benchmarks. */
export const benchmemFlag = {
  benchmem: { kind: 'boolean', default: true, summary: 'Report how many bytes one evaluation allocates' },
} as const;

export const coverageRunsFlag = {
  'coverage-runs': {
    kind: 'list',
    placeholder: 'KINDS',
    summary:
      'Why lines were not covered, to be found by evaluating once more for each: index_excluded,early_exit unless given; an empty value for neither',
  },
} as const;
