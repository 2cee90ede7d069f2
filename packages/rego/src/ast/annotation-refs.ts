import { RegoError, type RegoProblem } from '../errors.ts';
import { groundPrefix } from './attach.ts';
import { compareTerms } from './compare.ts';
import { annotationsJson, goString, termsJson } from './json.ts';
import { refText } from './print.ts';
import type { Annotations, Location, Module, Rule, Term } from './types.ts';

/** A METADATA block with what it is about. */
export interface AnnotationsRef {
  readonly annotations: Annotations;
  /** The path of the package or of the rule, from `data`, up to its first variable. */
  readonly path: readonly Term[];
  /** Where the package or the rule stands. */
  readonly location: Location;
  readonly module: Module;
  /** Absent where the block is about a package. */
  readonly rule: Rule | undefined;
}

/**
 * The METADATA blocks of all modules, by path and then by place, as `opa inspect --annotations` lists them. Throws
 * {@link RegoError} where a package or document has two blocks.
 */
export function annotationRefs(modules: readonly Module[]): AnnotationsRef[] {
  const refs = modules.flatMap((module) =>
    module.annotations.flatMap((annotations) => aboutWhat(module, annotations) ?? []),
  );
  refuseRedeclared(refs);
  return refs.sort(
    (a, b) => comparePaths(a.path, b.path) || comparePlaces(a.annotations.location, b.annotations.location),
  );
}

function aboutWhat(module: Module, annotations: Annotations): AnnotationsRef | undefined {
  const { scope, location } = annotations;
  if (scope === 'package' || scope === 'subpackages') {
    const { path, location: place } = module.package;
    return { annotations, path, location: place, module, rule: undefined };
  }
  const rule = module.rules.find((candidate) => candidate.location.row > location.row);
  if (rule === undefined) return undefined;
  const [name, ...rest] = rule.head.ref;
  const first: Term =
    name?.kind === 'var' ? { kind: 'string', value: name.name, location: name.location } : name!;
  const path = groundPrefix([...module.package.path, first, ...rest]);
  return { annotations, path, location: rule.location, module, rule };
}

/** A package may have one block, and a document, or what is below a package, too. */
function refuseRedeclared(refs: readonly AnnotationsRef[]): void {
  const known = new Map<string, Annotations>();
  const problems: RegoProblem[] = [];
  for (const { annotations, path } of refs) {
    const { scope, location } = annotations;
    if (scope === 'rule') continue;
    const key = `${scope === 'package' ? 'package' : 'path'} ${termsJson(path)}`;
    const before = known.get(key);
    if (before === undefined) known.set(key, annotations);
    else {
      const { file, row } = before.location;
      problems.push({
        code: 'rego_type_error',
        message: `${scope} annotation redeclared: ${file}:${row}`,
        location,
      });
    }
  }
  if (problems.length > 0) throw new RegoError(problems);
}

function comparePaths(a: readonly Term[], b: readonly Term[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareTerms(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function comparePlaces(a: Location, b: Location): number {
  return a.file === b.file ? a.row - b.row || a.col - b.col : a.file < b.file ? -1 : 1;
}

/** The block as OPA's JSON, with the place and the path of what it is about. */
export function annotationsRefJson({ annotations, location, path }: AnnotationsRef): string {
  const { file, row, col } = location;
  const place = `{"file":${goString(file)},"row":${row},"col":${col}}`;
  return `{"annotations":${annotationsJson(annotations)},"location":${place},"path":${termsJson(path)}}`;
}

/** A path without `data`: `p.q.allow`. */
export function shortPath(path: readonly Term[]): string {
  return refText(path.slice(1));
}
