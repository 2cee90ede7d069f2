import { capabilities, goJson, RELEASES, releaseCapabilities } from '@pratique/rego';
import { fileCapabilities } from '../policy/capabilities.ts';
import { problemsOf, problemsText } from '../policy/problems.ts';
import { usage } from '../policy/sources.ts';
import type { Run } from '../program/spec.ts';
import type { policyCapabilities } from '../specs/policy-files.ts';

export const run: Run<typeof policyCapabilities.flags> = async ({ flags, terminal }) => {
  const { version, file } = flags;
  if (version !== undefined) {
    const release = releaseCapabilities(version);
    if (release === undefined) {
      throw usage(
        'policy capabilities',
        `--version ${version}: not one that pratique policy capabilities lists`,
      );
    }
    terminal.out(`${goJson(release, '  ')}\n`);
  } else if (file !== undefined) {
    try {
      terminal.out(`${goJson(fileCapabilities(file, terminal.cwd), '  ')}\n`);
    } catch (error) {
      const problems = problemsOf(error, new Map());
      if (problems === undefined) throw error;
      terminal.err(`error: ${problemsText(problems)}`);
      return 1;
    }
  } else if (flags.current) {
    terminal.out(`${goJson(capabilities(flags['v0-compatible'] ? 'v0' : 'v1'), '  ')}\n`);
  } else terminal.out(`${RELEASES.join('\n')}\n`);
  return 0;
};
