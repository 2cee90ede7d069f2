import { defineCommand } from '../program/spec.ts';
import { programFlags, registryFlags } from './shared.ts';

const group = 'Images';

export const login = defineCommand({
  name: 'login',
  group,
  summary: 'Log in to a registry',
  examples: [
    {
      command: 'pratique login registry.example -u alice --password-stdin < password',
      does: 'kept where docker login keeps it',
    },
  ],
  description:
    'The credentials are tried first. They are kept with the credential helper that the Docker configuration names, else in REGISTRY_AUTH_FILE or ~/.docker/config.json.',
  args: ['[REGISTRY]'],
  flags: {
    username: { kind: 'string', short: 'u', placeholder: 'NAME', summary: 'The user' },
    password: {
      kind: 'string',
      short: 'p',
      placeholder: 'PASSWORD',
      summary: 'The password; prefer --password-stdin',
    },
    'password-stdin': { kind: 'boolean', summary: 'Read the password from standard input' },
    'allow-http-registry': registryFlags['allow-http-registry'],
    ...programFlags,
  },
});

export const logout = defineCommand({
  name: 'logout',
  group,
  summary: 'Forget the credentials for a registry',
  examples: [{ command: 'pratique logout registry.example', does: 'in the file or the credential helper' }],
  args: ['[REGISTRY]'],
  flags: {},
});
