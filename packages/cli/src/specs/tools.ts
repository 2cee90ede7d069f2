import { defineCommand } from '../program/spec.ts';
import { needlessFlag } from './refused.ts';
import { outputFlag, programFlags } from './shared.ts';

const group = 'Help';

export const explain = defineCommand({
  name: 'explain',
  group,
  summary: 'Say what an error or denial code means and what to do',
  examples: [
    { command: 'pratique explain SIGNATURE_MISSING', does: 'one code' },
    { command: 'pratique explain', does: 'all of them' },
  ],
  args: ['[CODE]'],
  flags: outputFlag,
});

export const doctor = defineCommand({
  name: 'doctor',
  group,
  summary: 'Check this machine, its configuration and credentials',
  examples: [{ command: 'pratique doctor', does: 'what is wrong, and what to do' }],
  args: [],
  flags: outputFlag,
});

export const config = defineCommand({
  name: 'config',
  group,
  summary: 'Show the settings of a command and where each comes from',
  examples: [
    { command: 'pratique config verify', does: 'flag, $PRATIQUE_FLAG, pratique.yaml, user file, default' },
  ],
  description:
    'Settings are looked up in this order: flag, environment (PRATIQUE_ and the flag in capitals), pratique.yaml in this directory or\none above it, ~/.config/pratique/pratique.yaml. A file holds flag names, or command names with flags below them.',
  args: ['COMMAND...'],
  flags: outputFlag,
});

export const completion = defineCommand({
  name: 'completion',
  group,
  summary: 'Print the completion script of a shell',
  examples: [
    { command: 'pratique completion bash > /etc/bash_completion.d/pratique', does: 'bash' },
    {
      command: 'pratique completion fish > ~/.config/fish/completions/pratique.fish',
      does: 'fish; also zsh and powershell',
    },
  ],
  args: ['bash|zsh|fish|powershell'],
  flags: programFlags,
});

export const version = defineCommand({
  name: 'version',
  group,
  summary: 'Print the version',
  examples: [{ command: 'pratique version', does: 'version, Node and platform' }],
  args: [],
  flags: { ...outputFlag, json: needlessFlag('boolean', 'As -o json'), ...programFlags },
});

export const env = defineCommand({
  name: 'env',
  group,
  summary: 'Print the environment variables that are honoured',
  examples: [{ command: 'pratique env', does: 'what each is for, and its value; secrets are hidden' }],
  args: [],
  flags: {
    'show-descriptions': { kind: 'boolean', default: true, summary: 'Say what each is for' },
    'show-sensitive-values': { kind: 'boolean', summary: 'Print passwords and tokens too' },
    ...programFlags,
  },
});

export const debugProviders = defineCommand({
  name: 'debug providers',
  group,
  summary: 'Show which providers of identity tokens are there, for signing without a key',
  examples: [{ command: 'pratique debug providers', does: 'true: signing takes a token from it' }],
  description:
    'Nobody is asked for a token: that the place looks like GitHub Actions does not say that the job may have one. sign takes\nSIGSTORE_ID_TOKEN (envvar) first, then the provider that --oidc-provider names, or the first that is there.',
  args: [],
  flags: programFlags,
});
