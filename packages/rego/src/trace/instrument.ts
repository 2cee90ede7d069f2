import { parseModule } from '../ast/parse.ts';
import { type Builtin, T } from '../builtins/types.ts';
import type { CompileInput } from '../engine.ts';
import { type CoverageReport, coverageReport, type Place } from '../testing/coverage.ts';
import { CASE_FUNCTION, PROBE_FUNCTION, rewrite } from '../testing/rewrite.ts';

/** Policies that tell what of them is evaluated. */
export interface Instrumented {
  /** Compile this instead: its modules report, and are slower for it. */
  readonly input: CompileInput;
  /** What was evaluated since. */
  coverage(): CoverageReport;
}

/** Makes policies tell which of their lines are evaluated. Throws `ParseError` where they are no Rego. */
export function instrument(input: CompileInput): Instrumented {
  const places: Place[] = [];
  const reached: boolean[] = [];
  const modules: Record<string, string> = Object.create(null);
  const counts = new Map<string, number>();
  for (const [file, text] of Object.entries(input.modules)) {
    const regoVersion = input.regoVersions?.get(file) ?? input.regoVersion ?? 'v1';
    modules[file] = rewrite(text, parseModule(text, { file, regoVersion }), counts, places).text;
  }
  const reports: Builtin[] = [
    {
      name: PROBE_FUNCTION,
      declaration: { args: [T.number], nondeterministic: true },
      call: (_context, index) => {
        reached[Number(index)] = true;
        return true;
      },
    },
    { name: CASE_FUNCTION, declaration: { args: [T.any], nondeterministic: true }, call: () => true },
  ];
  return {
    input: { ...input, modules, builtins: [...(input.builtins ?? []), ...reports] },
    coverage: () => coverageReport(places, reached),
  };
}
