import type { RegoProblem } from '@pratique/rego';

const hints: readonly (readonly [code: string, message: RegExp, advice: string])[] = [
  [
    'rego_parse_error',
    /`if` keyword is required before rule body|`contains` keyword is required for partial set rules/,
    'this is Rego v0: add --v0-compatible, or rewrite it with pratique policy fmt --v0-v1 -w FILE',
  ],
  [
    'rego_unsafe_var_error',
    /is unsafe/,
    'give the variable a value by := or some … in, outside of negations, or check its spelling',
  ],
  [
    'rego_type_error',
    /^undefined function/,
    'check the spelling and the package: functions of another package need an import or their full path (data.lib.f)',
  ],
  ['rego_type_error', /^undefined ref/, 'no rule and no document is at this path; check its spelling'],
  ['rego_type_error', /arity mismatch/, 'the number of arguments is wrong; the function wants those shown'],
  [
    'rego_recursion_error',
    /recursive/,
    'Rego has no recursion; graph.reachable and walk() follow structures',
  ],
  [
    'rego_compile_error',
    /^(import|assigned var|declared var|unused).*unused|unused argument/,
    'remove it, or name it _',
  ],
  [
    'eval_conflict_error',
    /complete rules must not produce multiple outputs/,
    'two rules are true with different values: make them exclude each other, use else, or collect with contains',
  ],
  [
    'eval_cancel_error',
    /./,
    'the policy does too much work for its limit; raise --timeout, or look at its loops',
  ],
];

/** What to do about a problem, where something can be said. */
export function hint({ code, message }: RegoProblem): string | undefined {
  return hints.find(([hinted, pattern]) => hinted === code && pattern.test(message))?.[2];
}
