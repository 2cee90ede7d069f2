import type { Decision, Denial } from '@pratique/policy';
import type { Style } from '../program/style.ts';

/** A decision for people: the verdict, then each reason with what was expected, what was found and what to do. */
export function decisionText(decision: Decision, title: string, c: Style): string {
  const verdict = decision.allowed ? c.green('allowed') : c.red('denied');
  const lines = [`${verdict}  ${title}`];
  for (const { reference, digest } of decision.subject.images)
    lines.push(`  image    ${reference}${digest && !reference.includes('@') ? ` (${digest})` : ''}`);
  for (const denial of decision.denials) lines.push(...reason(denial, c.red('denied'), c));
  for (const warning of decision.warnings) lines.push(...reason(warning, c.yellow('warning'), c));
  lines.push(c.dim(`  decision ${decision.decisionId}`));
  return `${lines.join('\n')}\n`;
}

function reason(
  { code, message, expected, found, remedy, container, policy }: Denial,
  label: string,
  c: Style,
): string[] {
  return [
    `  ${label} ${c.bold(code)}: ${container ? `${container}: ` : ''}${message} ${c.dim(`(${policy})`)}`,
    ...(expected === null ? [] : [`    expected  ${expected}`]),
    ...(found === null ? [] : [`    found     ${found}`]),
    ...(remedy === null ? [] : [`    try       ${remedy}`]),
  ];
}
