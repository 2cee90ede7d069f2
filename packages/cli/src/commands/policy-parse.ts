import { indentJson, moduleJson, moduleTree, parseModule } from '@pratique/rego';
import { problemsDocument, problemsOf } from '../policy/problems.ts';
import { readNamed } from '../policy/read-named.ts';
import { languageOf } from '../policy/sources.ts';
import type { Run } from '../program/spec.ts';
import type { policyParse } from '../specs/policy-files.ts';

export const run: Run<typeof policyParse.flags> = async ({ args, flags, terminal }) => {
  const file = args[0]!;
  let text = '';
  const parts = (flags['json-include'] ?? '').split(',');
  try {
    text = new TextDecoder().decode(readNamed(file, terminal.cwd));
    const module = parseModule(text, { file, regoVersion: languageOf(flags) });
    if (flags.format === 'json') {
      const json = moduleJson(module, {
        locations: parts.includes('locations'),
        comments: !parts.includes('-comments'),
      });
      terminal.out(`${indentJson(json, '  ')}\n`);
    } else terminal.out(moduleTree(module));
    return 0;
  } catch (error) {
    const problems = problemsOf(error, new Map([[file, text]]));
    if (problems === undefined) throw error;
    terminal.err(problemsDocument(problems));
    return 1;
  }
};
