import { CueError, type CuePolicy, compilePolicy, type Json } from '@pratique/cue';
import { printable } from '@pratique/errors';
import { BuiltinError } from '@pratique/rego';

const timeoutMs = 2_000;
const maxKept = 64;
const kept = new Map<string, CuePolicy>();

/** What a policy in CUE says of a document, as policies in Rego say it: `{result}`, with `error` where it refuses. */
export function cueResult(policy: string, document: Json): { result: boolean; error?: string } {
  try {
    const violation = compiled(policy).validate(document, { timeoutMs });
    if (violation === null) return { result: true };
    const { path, message } = violation;
    return { result: false, error: printable(path === '' ? message : `${path}: ${message}`, 500) };
  } catch (error) {
    // No answer is none: what breaks is a fault, as in Rego.
    if (error instanceof CueError) throw new BuiltinError(`${error.code}: ${error.message}`);
    throw error;
  }
}

function compiled(text: string): CuePolicy {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const policy = compilePolicy([{ file: 'policy.cue', text }]);
  if (kept.size >= maxKept) kept.clear();
  kept.set(text, policy);
  return policy;
}
