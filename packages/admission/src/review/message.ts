import type { Decision, Denial } from '@pratique/policy';

/** Denials spelled out; the rest is counted. The API server passes the message on to whoever ran `kubectl`. */
const maxDenials = 10;
const maxMessage = 8000;

/** A Kubernetes warning should fit a terminal line; the API server drops what is over 4096 characters in all. */
const maxWarning = 120;
const maxWarnings = 4000;

/** The denials of a decision for people: what, where, expected, found, and what to do. */
export function denialMessage({ denials, decisionId }: Decision): string {
  const lines = denials.slice(0, maxDenials).flatMap(describe);
  if (denials.length > maxDenials) lines.push(`and ${denials.length - maxDenials} more`);
  const text = `${lines.join('\n')}\n`;
  const cut = text.length > maxMessage ? `${text.slice(0, maxMessage)}…\n` : text;
  return `${cut}(decision ${decisionId})`;
}

function describe({ code, message, expected, found, remedy, container, image }: Denial): string[] {
  const where = [container, image].filter((part) => part !== null).join(' ');
  return [
    `${where === '' ? '' : `${where}: `}${message} [${code}]`,
    ...(expected === null ? [] : [`  expected: ${expected}`]),
    ...(found === null ? [] : [`  found:    ${found}`]),
    ...(remedy === null ? [] : [`  remedy:   ${remedy}`]),
  ];
}

/** The warnings of a decision as Kubernetes takes them: pieces of at most 120 characters. */
export function warningLines({ warnings }: Decision): string[] {
  const lines: string[] = [];
  let total = 0;
  for (const { code, message, container } of warnings) {
    const text = `${code}: ${container === null ? '' : `${container}: `}${message}`;
    for (const line of wrap(text, maxWarning)) {
      total += line.length;
      if (total > maxWarnings) return lines;
      lines.push(line);
    }
  }
  return lines;
}

/** Breaks at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > width / 2 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  if (rest !== '') lines.push(rest);
  return lines;
}
