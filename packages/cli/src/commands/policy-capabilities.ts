import { capabilities, goJson } from '@pratique/rego';
import type { Run } from '../program/spec.ts';
import type { policyCapabilities } from '../specs/policy.ts';

export const run: Run<typeof policyCapabilities.flags> = async ({ terminal }) => {
  terminal.out(`${goJson(capabilities(), '  ')}\n`);
  return 0;
};
