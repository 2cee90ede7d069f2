import type { FlagSpecs } from '../program/spec.ts';

/** How a registry is reached: cosign's flags. */
export const registryFlags = {
  'allow-http-registry': {
    kind: 'boolean',
    summary: 'Use plain HTTP where HTTPS is not offered (loopback may always)',
  },
  'allow-insecure-registry': { kind: 'boolean', summary: "Do not check the registry's TLS certificate" },
  'registry-username': { kind: 'string', placeholder: 'NAME', summary: 'User name for the registry' },
  'registry-password': {
    kind: 'string',
    placeholder: 'PASSWORD',
    summary: 'Password for the registry; prefer the environment',
  },
  'registry-token': {
    kind: 'string',
    placeholder: 'TOKEN',
    summary: 'Bearer token for the registry; prefer the environment',
  },
  'registry-cacert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'CA certificates to trust for the registry, PEM',
  },
} as const satisfies FlagSpecs;

export const outputFlag = {
  output: {
    kind: 'string',
    short: 'o',
    choices: ['text', 'json'],
    default: 'text',
    summary: 'Form of the output',
  },
} as const satisfies FlagSpecs;

/** The servers' common flags (design §4). */
export const serverFlags = {
  listen: {
    kind: 'string',
    placeholder: 'HOST:PORT',
    summary: 'Address to listen on; port 0 takes any free one',
  },
  ...outputFlag,
} as const satisfies FlagSpecs;

/** What decides: the trust configuration and policies. */
export const trustFlags = {
  trust: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Trust configuration: whose signatures which images need',
  },
  policy: {
    kind: 'list',
    placeholder: 'FILE|DIR',
    summary: 'Rego policies in addition to the trust configuration’s; may be repeated',
  },
} as const satisfies FlagSpecs;
