import { builtinNames, type RegoProblem } from '@pratique/rego';
import { isLibrary } from './library.ts';
import { nearest } from './nearest.ts';

/** What to do about a problem, by its code, its message and, where that tells more, the source from the caret on. */
const hints: readonly (readonly [code: string, message: RegExp, at: RegExp, advice: string])[] = [
  [
    'rego_parse_error',
    /`if` keyword is required before (rule|function) body|`contains` keyword is required for partial set rules/,
    /^/,
    'this is Rego v0: add --v0-compatible, or rewrite it with pratique policy fmt --v0-v1 -w FILE',
  ],
  [
    'rego_parse_error',
    /^unexpected and token/,
    /^&/,
    'Rego has no &&: write each condition on a line of its own, or put ; between them',
  ],
  [
    'rego_parse_error',
    /^unexpected or token/,
    /^\|/,
    'Rego has no ||: write a second rule of the same name with the other condition',
  ],
  ['rego_parse_error', /^illegal ! character/, /^!/, 'write not instead of !'],
  ['rego_parse_error', /^illegal token/, /^'/, 'write text in double quotes or backticks'],
  ['rego_parse_error', /^unexpected eq token/, /^=/, 'compare with =='],
  [
    'rego_parse_error',
    /^unexpected .*: expected \\n or ;/,
    /^/,
    'one expression a line, or ; between them; values are given by :=, loops are some x in xs, results are the head of the rule',
  ],
  ['rego_parse_error', /^package expected/, /^/, 'a file begins with its package, such as package app.authz'],
  [
    'rego_parse_error',
    /^unexpected eof token/,
    /^/,
    'a { [ ( or quote before the end of the file is not closed',
  ],
  [
    'rego_parse_error',
    /^unexpected import path/,
    /^/,
    'packages are imported by their path from data on: import data.lib.x',
  ],
  [
    'rego_parse_error',
    /^illegal default rule/,
    /^/,
    'a default is a constant; give what has to be worked out in a rule of the same name',
  ],
  [
    'rego_unsafe_var_error',
    /is unsafe/,
    /^not /,
    'a negation gives no variable a value: give it one before, or write some … in or every',
  ],
  [
    'rego_unsafe_var_error',
    /is unsafe/,
    /^[\w.]+-\w/,
    'a name with - in it needs brackets: input["a-b"]; else check the spelling',
  ],
  [
    'rego_unsafe_var_error',
    /is unsafe/,
    /^/,
    'give the variable a value by := or some … in, outside of negations, or check its spelling',
  ],
  [
    'rego_type_error',
    /^undefined function/,
    /^/,
    'check the spelling and the package: functions of another package need an import or their full path (data.lib.f)',
  ],
  ['rego_type_error', /^undefined ref/, /^/, 'no rule and no document is at this path; check its spelling'],
  [
    'rego_type_error',
    /arity mismatch| has arity /,
    /^/,
    'the number of arguments is wrong; the function wants those shown',
  ],
  [
    'rego_type_error',
    /invalid argument\(s\)$/,
    /^/,
    'an argument is of another type than the function takes; ??? is a type that is not known here',
  ],
  ['rego_type_error', /^match error$/, /^/, 'the two sides are of different types and can never be equal'],
  [
    'rego_type_error',
    /^conflicting rules/,
    /^/,
    'rules of one name must all be values, all be sets (contains), or all take the same number of arguments',
  ],
  [
    'rego_recursion_error',
    /recursive/,
    /^/,
    'Rego has no recursion; graph.reachable and walk() follow structures',
  ],
  [
    'rego_compile_error',
    /^var \S+ (assigned|declared|referenced) above$|^arg \S+ redeclared$/,
    /^/,
    'a variable has one value and is not changed: use another name, or compare with ==',
  ],
  [
    'rego_compile_error',
    /^(import|assigned var|declared var|unused).*unused|unused argument/,
    /^/,
    'remove it, or name it _',
  ],
  [
    'eval_conflict_error',
    /complete rules must not produce multiple outputs/,
    /^/,
    'two rules are true with different values: make them exclude each other, use else, or collect with contains',
  ],
  [
    'eval_cancel_error',
    /./,
    /^/,
    'the policy does too much work for its limit; raise --timeout, or look at its loops',
  ],
  ['rego_cancel_error', /./, /^/, 'the policy is too large, or made to keep the compiler busy; split it'],
  [
    'rego_depth_error',
    /./,
    /^/,
    'name parts of the expression with := or rules of their own; use concat() or sum() instead of many operators',
  ],
  [
    'eval_depth_error',
    /./,
    /^/,
    'split long bodies into rules; chains of a thousand rules do not work under with or --explain',
  ],
];

/** What to do about a problem, where something can be said. `sources` are the policies by file name. */
export function hint(problem: RegoProblem, sources: ReadonlyMap<string, string>): string | undefined {
  const { code, message, location } = problem;
  const line =
    location === undefined ? '' : (sources.get(location.file)?.split('\n')[location.row - 1] ?? '');
  const rest = line.slice((location?.col ?? 1) - 1);
  const misspelt = /^undefined function (\S+)$/.exec(message)?.[1];
  if (misspelt?.startsWith('data.pratique.lib.') && ![...sources.values()].some(isLibrary)) {
    return 'a bundle gets data.pratique.lib where that is below its roots: add pratique/lib to the roots of its .manifest';
  }
  const meant = misspelt === undefined ? undefined : nearest(misspelt, functionNames(sources));
  if (meant !== undefined) return `did you mean ${meant}?`;
  return hints.find(
    ([hinted, pattern, at]) => hinted === code && pattern.test(message) && at.test(rest),
  )?.[3];
}

/** The functions of the language, and those that the policies define. */
function functionNames(sources: ReadonlyMap<string, string>): string[] {
  const names = builtinNames();
  for (const text of sources.values()) {
    for (const [, name] of text.matchAll(/^([A-Za-z_]\w*)\(/gm)) names.push(name!);
  }
  return names;
}
