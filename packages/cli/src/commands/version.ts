import { readFileSync } from 'node:fs';
import type { Run } from '../program/spec.ts';
import type { version } from '../specs/tools.ts';

export const run: Run<typeof version.flags> = async ({ flags, terminal }) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const facts = {
    version: manifest.version,
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
