/** One command of a ```console block and the output that the document shows for it. */
export interface Step {
  readonly command: string;
  readonly shown: string;
  readonly line: number;
}

/**
 * The steps of every ```console block of a Markdown text: `$ command` (`> ` continues it), then its output. With `tool`
 * also those of ```console TOOL blocks, which need a foreign tool.
 */
export function consoleSteps(markdown: string, tool?: string): Step[] {
  const steps: { command: string; shown: string[]; line: number }[] = [];
  let inside = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (line.startsWith('```')) {
      inside = !inside && (line === '```console' || (tool !== undefined && line === `\`\`\`console ${tool}`));
      continue;
    }
    if (!inside) continue;
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [], line: index + 1 });
    else if (line.startsWith('> ') && steps.at(-1)?.shown.length === 0)
      steps.at(-1)!.command += `\n${line.slice(2)}`;
    else steps.at(-1)?.shown.push(line);
  }
  return steps.map(({ command, shown, line }) => ({ command, line, shown: shown.join('\n').trimEnd() }));
}

/** Whether `actual` is what a document shows, where `…` stands for anything within a line and alone on a line for any lines. */
export function matchesShown(shown: string, actual: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '\u0000' : line.split('…').map(RegExp.escape).join('[^\\n]*')))
    .join('\n')
    .replaceAll(/\u0000\n?/g, '(?:[^\\n]*\\n)*?');
  return new RegExp(`^${pattern}$`).test(
    /\n *…$/.test(shown.trimEnd()) ? `${actual.trimEnd()}\n` : actual.trimEnd(),
  );
}
