import type { Run } from '../program/spec.ts';
import { programVersion } from '../program/version.ts';
import type { version } from '../specs/tools.ts';

export const run: Run<typeof version.flags> = async ({ flags, terminal }) => {
  const { bun } = process.versions;
  const facts = {
    version: programVersion(),
    // As cosign calls it.
    gitVersion: `v${programVersion()}`,
    ...(bun === undefined ? { node: process.versions.node } : { bun }),
    platform: `${process.platform}/${process.arch}`,
  };
  terminal.out(
    flags.json || flags.output === 'json'
      ? `${JSON.stringify(facts)}\n`
      : `pratique ${facts.version} (${bun === undefined ? `Node ${process.versions.node}` : `Bun ${bun}`}, ${facts.platform})\n`,
  );
  return 0;
};
