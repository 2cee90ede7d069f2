import { locate, RegoError, type RegoProblem } from '../errors.ts';
import { RegoObject, type Value } from '../values/index.ts';
import type { RuleNode } from './rule-tree.ts';

/** Refuses base documents at the path of a rule, which would take the rule's place. Throws {@link RegoError}. */
export function checkDataConflicts(root: RuleNode, data: Value, sources: ReadonlyMap<string, string>): void {
  const problems: RegoProblem[] = [];
  const visit = (node: RuleNode, value: Value | undefined, path: readonly string[]): void => {
    if (value === undefined) return;
    const [rule] = node.rules;
    if (rule !== undefined) {
      problems.push({
        code: 'rego_compile_error',
        message: `conflicting rule for data path ${path.join('/')} found`,
        location: locate(rule.location),
      });
      return;
    }
    for (const child of node.children.values()) {
      // Something that is no object leaves no room for rules below it.
      const inside = value instanceof RegoObject ? value.get(child.key) : value;
      visit(child, inside, [...path, String(child.key)]);
    }
  };
  visit(root, data, []);
  if (problems.length === 0) return;
  const place = ({ location }: RegoProblem): string =>
    `${location?.file}:${String(location?.row).padStart(9)}`;
  throw new RegoError(
    problems.sort((a, b) => (place(a) < place(b) ? -1 : 1)),
    sources,
  );
}
