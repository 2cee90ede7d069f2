import { printable } from '@pratique/errors';
import {
  BundleError,
  FormatError,
  type GoJson,
  goJson,
  isStackOverflow,
  ParseError,
  RegoError,
  type RegoProblem,
  renderProblem,
  type SourceErrorEntry,
} from '@pratique/rego';
import { hint } from './hints.ts';

/** One thing that is wrong, in the shape of OPA's output. */
export interface Problem {
  readonly message: string;
  readonly code?: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
  readonly details?: GoJson;
  /** For people: place, line, caret. */
  readonly text: string;
}

/** Of values that nest further than what shows them goes. */
const TOO_DEEP: RegoProblem = {
  code: 'eval_depth_error',
  message: 'a value nests further than the stack goes',
  location: undefined,
};

/** What is wrong with the user's files, or undefined when `error` is something else. */
export function problemsOf(error: unknown, sources: ReadonlyMap<string, string>): Problem[] | undefined {
  if (error instanceof RegoError) return error.problems.map((problem) => ofRego(problem, sources));
  if (error instanceof ParseError || error instanceof FormatError) {
    return error.errors.map((entry) => ofRego(asProblem(entry), sources));
  }
  if (isStackOverflow(error)) return [ofRego(TOO_DEEP, sources)];
  if (error instanceof BundleError) return [{ message: error.message, text: shown(error.message) }];
  return undefined;
}

function asProblem({ code, message, location, details }: SourceErrorEntry): RegoProblem {
  const { file, row, col } = location;
  return {
    code,
    message,
    location: { file, row, col },
    ...(details === undefined ? {} : { excerpt: details }),
  };
}

function ofRego(problem: RegoProblem, sources: ReadonlyMap<string, string>): Problem {
  const { code, message, location, details, excerpt } = problem;
  const advice = hint(problem, sources);
  const place = location?.file === '' ? { ...problem, location: { ...location, file: 'query' } } : problem;
  const text = shown(renderProblem(place, sources));
  return {
    message,
    code,
    ...(location === undefined ? {} : { location }),
    ...(excerpt !== undefined
      ? { details: { line: excerpt.line, idx: excerpt.idx } }
      : details !== undefined && details.length > 0
        ? { details: details.join('\n') }
        : {}),
    text: advice === undefined ? text : `${text}\n\thint: ${advice}`,
  };
}

/** Policies and their names come from outside; only line breaks and tabs of a message are ours. */
function shown(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : printable(part, 2000)))
    .join('');
}

/** `N errors occurred:` and each problem below. */
export function problemsText(problems: readonly Problem[]): string {
  if (problems.length === 1) return `1 error occurred: ${problems[0]!.text}\n`;
  return `${problems.length} errors occurred:\n${problems.map(({ text }) => text).join('\n')}\n`;
}

/** As the `errors` of OPA's JSON. */
export function problemsJson(problems: readonly Problem[]): GoJson {
  return problems.map(({ message, code, location, details }) => ({
    message,
    code,
    location:
      location === undefined ? undefined : { file: location.file, row: location.row, col: location.col },
    details,
  }));
}

export function problemsDocument(problems: readonly Problem[]): string {
  return `${goJson({ errors: problemsJson(problems) }, '  ')}\n`;
}
