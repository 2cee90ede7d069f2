import { type CompileInput, type Module, optimize, parseModule } from '@pratique/rego';
import type { Terminal } from '../program/terminal.ts';
import type { Sources } from './sources.ts';

export interface OptimizeFlags {
  readonly optimize: number;
  readonly entrypoint: readonly string[];
}

/**
 * The sources with their entry points evaluated as far as it goes without an input, for paths below `data` that the
 * sources own. Throws `BundleError` where there is no entry point, or one has no value for any input.
 */
export function optimized(
  sources: Sources,
  input: CompileInput,
  flags: OptimizeFlags,
  scope: { readonly roots: readonly string[]; readonly namespace?: string },
  terminal: Terminal,
): Sources {
  const { modules, left } = optimize(input, {
    entrypoints: entrypointsOf(sources, flags.entrypoint),
    inline: flags.optimize > 1,
    ...scope,
  });
  for (const name of left)
    terminal.err(`Warning: ${name} is left as it is: optimized, it would not be the same document.\n`);
  return { data: sources.data, modules };
}

/** What --entrypoint names, and rules and packages that METADATA blocks mark. */
function entrypointsOf({ modules }: Sources, named: readonly string[]): string[][] {
  const paths = named.map((path) => path.split('/'));
  for (const [file, { text, regoVersion }] of modules) {
    const module = parseModule(text, { file, regoVersion });
    const packagePath = module.package.path.slice(1).map(nameOf);
    for (const { head, annotations } of module.rules) {
      if (!annotations.some(({ entrypoint }) => entrypoint === true)) continue;
      paths.push([...packagePath, ...head.ref.map(nameOf)]);
    }
    if (module.annotations.some(({ scope, entrypoint }) => scope === 'package' && entrypoint === true)) {
      paths.push(packagePath);
    }
  }
  return [...new Map(paths.map((path) => [path.join('/'), path])).values()];
}

function nameOf(term: Module['package']['path'][number]): string {
  return term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : '';
}
