import type { Run } from '../program/spec.ts';
import { environmentVariables } from '../specs/environment.ts';
import type { env } from '../specs/tools.ts';

/** Prefixes of variables that other parts of Sigstore may honour; shown when set, as cosign does. */
const prefixes = ['COSIGN_', 'PRATIQUE_', 'SIGSTORE_', 'TUF_'];
const hidden = '******';

export const run: Run<typeof env.flags> = async ({ flags, terminal }) => {
  const line = (name: string, sensitive: boolean) => {
    const value = terminal.env[name] ?? '';
    const shown = sensitive && value !== '' && !flags['show-sensitive-values'] ? hidden : value;
    terminal.out(`${name}=${shown}\n`);
  };
  for (const { name, does, expects, sensitive } of environmentVariables) {
    if (flags['show-descriptions']) terminal.out(`# ${name} ${does}\n# Expects: ${expects}\n`);
    line(name, sensitive === true);
  }
  const known = new Set(environmentVariables.map(({ name }) => name));
  const others = Object.keys(terminal.env)
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)) && !known.has(name))
    .sort();
  if (others.length > 0 && flags['show-descriptions']) {
    terminal.out('# Set, and not known to this command:\n');
  }
  // What is not known may be a secret.
  for (const name of others) line(name, true);
  return 0;
};
