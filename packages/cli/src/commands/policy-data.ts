import { resolve } from 'node:path';
import { loadTrust, policyData } from '@pratique/policy';
import { trustOptions } from '../gate/trust-options.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { policyData as spec } from '../specs/policy-files.ts';

export const run: Run<typeof spec.flags> = async ({ flags, terminal }) => {
  const trust = await loadTrust(resolve(terminal.cwd, flags.trust), trustOptions(terminal));
  terminal.out(`${JSON.stringify(policyData(trust), null, 2)}\n`);
  return exit.ok;
};
