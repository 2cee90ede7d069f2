import { allowedBuiltins } from '../policy/capabilities.ts';
import { withLibrary } from '../policy/library.ts';
import { type Problem, problemsDocument, problemsOf, problemsText } from '../policy/problems.ts';
import { namedSchemas } from '../policy/schemas.ts';
import { compileSources, ignored, languageOf, loadPaths, type Sources, textsOf } from '../policy/sources.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { policyCheck } from '../specs/policy-files.ts';

type Flags = FlagValues<typeof policyCheck.flags>;

export const run: Run<typeof policyCheck.flags> = async ({ args, flags, terminal }) => {
  let texts = new Map<string, string>();
  let problems: readonly Problem[] = [];
  try {
    const found = loadPaths(args, {
      regoVersion: flags['v0-v1'] ? 'v0v1' : languageOf(flags),
      ignore: ignored(flags.ignore),
      directory: terminal.cwd,
      bundle: flags.bundle,
      onlyPolicies: true,
    });
    const sources = await withLibrary(found);
    texts = textsOf(sources);
    check(sources, flags, terminal.cwd);
  } catch (error) {
    const found = problemsOf(error, texts);
    if (found === undefined) throw error;
    problems = found;
  }
  if (problems.length === 0) return 0;
  terminal.err(flags.format === 'json' ? problemsDocument(problems) : problemsText(problems));
  return 1;
};

function check(sources: Sources, flags: Flags, directory: string): void {
  compileSources(sources, {
    regoVersion: flags['v0-v1'] ? 'v0v1' : languageOf(flags),
    strict: flags.strict,
    maxErrors: flags['max-errors'],
    ...allowedBuiltins(flags.capabilities, directory, flags['v0-v1'] ? 'v0v1' : languageOf(flags)),
    ...namedSchemas(flags.schema, directory),
    print: () => undefined,
  });
}
