import { logOut } from '@pratique/oci';
import type { Run } from '../program/spec.ts';
import { registryHost } from '../registry/host.ts';
import type { logout } from '../specs/registry-login.ts';

export const run: Run<typeof logout.flags> = async ({ args, terminal }) => {
  const registry = registryHost(args[0]);
  const known = await logOut(registry, { ...terminal.env });
  terminal.err(known ? `Logged out of ${registry}\n` : `There were no credentials for ${registry}\n`);
  return 0;
};
