import { createRegistryClient, logIn } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { ask } from '../keys/password.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { registryHost } from '../registry/host.ts';
import type { login } from '../specs/registry-login.ts';

export const run: Run<typeof login.flags> = async ({ args, flags, terminal, signal }) => {
  const registry = registryHost(args[0]);
  const { username } = flags;
  if (username === undefined) throw needs('--username NAME', 'no --username');
  const password = await readPassword(flags, terminal);
  const environment = { ...terminal.env };
  const client = createRegistryClient({
    credentials: { username, password },
    allowHttp: flags['allow-http-registry'],
    environment,
  });
  try {
    // What does not open the registry is not kept.
    await client.ping(registry, { signal });
  } finally {
    client.close();
  }
  const place = await logIn(registry, { username, password }, environment);
  terminal.err(`Logged in to ${registry}; the credentials are kept in ${place}\n`);
  return 0;
};

async function readPassword(
  flags: { readonly password: string | undefined; readonly 'password-stdin': boolean },
  terminal: Terminal,
): Promise<string> {
  const { password } = flags;
  if (password !== undefined && flags['password-stdin'])
    throw needs('one password', '--password and --password-stdin');
  if (password !== undefined) {
    terminal.err('warning: every program on this machine can see --password; use --password-stdin\n');
  }
  const given = flags['password-stdin']
    ? new TextDecoder().decode(terminal.stdin('secret')).replace(/\r?\n$/, '')
    : password;
  const typed = given ?? (terminal.interactive ? await ask('Password: ') : undefined);
  if (typed) return typed;
  throw needs('--password-stdin', 'no password');
}

function needs(expected: string, found: string) {
  return cliErrors.error('USAGE', {
    message: 'logging in to a registry needs a name and a password',
    expected,
    found,
  });
}
