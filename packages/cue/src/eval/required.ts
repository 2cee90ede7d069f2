import { CueError } from '../errors.ts';
import { isRegular } from '../values/label.ts';
import type { Node, Problem } from './node.ts';

/** A field that is required and that nothing gives. */
export function missing(node: Node, chosen = false): Problem | null {
  const { settled } = node;
  const below = chosen || settled !== node || settled.incomplete;
  for (const [label, field] of settled.fields) {
    if (field.presence === 'required') {
      if (below || !isRegular(label))
        throw new CueError(
          'cue_unsupported_error',
          `a required field here is not supported: ${field.path.join('.')}`,
        );
      return { path: field.path, message: 'field is required but not present' };
    }
    if (field.presence === 'optional' || !isRegular(label)) continue;
    const problem = missing(field, below);
    if (problem !== null) return problem;
  }
  for (const element of settled.elements ?? []) {
    const problem = missing(element, below);
    if (problem !== null) return problem;
  }
  return null;
}
