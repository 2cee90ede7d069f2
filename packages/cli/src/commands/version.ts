import type { Run } from '../program/spec.ts';
import { programVersion } from '../program/version.ts';
import type { version } from '../specs/tools.ts';

export const run: Run<typeof version.flags> = async ({ flags, terminal }) => {
  const facts = {
    version: programVersion(),
    node: process.versions.node,
    platform: `${process.platform}/${process.arch}`,
  };
  terminal.out(
    flags.output === 'json'
      ? `${JSON.stringify(facts)}\n`
      : `pratique ${facts.version} (Node ${facts.node}, ${facts.platform})\n`,
  );
  return 0;
};
