/** A table with OPA's lines around it: headings centred, cells to the left. */
export function boxed(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const all = header === undefined ? rows : [header, ...rows];
  const widths = (all[0] ?? []).map((_, index) => Math.max(...all.map((row) => width(row[index]!))));
  const line = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((size) => '─'.repeat(size + 2)).join(middle)}${right}\n`;
  const row = (cells: readonly string[], pad: (cell: string, free: number) => string): string =>
    `│${cells.map((cell, index) => ` ${pad(cell, widths[index]! - width(cell))} `).join('│')}│\n`;
  const left = (cell: string, free: number): string => cell + ' '.repeat(free);
  const centred = (cell: string, free: number): string =>
    ' '.repeat(Math.floor(free / 2)) + cell + ' '.repeat(Math.ceil(free / 2));
  const parts = [line('┌', '┬', '┐')];
  if (header !== undefined) parts.push(row(header, centred), line('├', '┼', '┤'));
  return [...parts, ...rows.map((cells) => row(cells, left)), line('└', '┴', '┘')].join('');
}

/** A table with a line between rows, whose cells may have several lines; tabs are two spaces. */
export function ruled(rows: readonly (readonly string[])[]): string {
  const [top, ...tables] = rows.map((row) => row.map((cell) => cell.replaceAll('\t', '  ').split('\n')));
  if (top === undefined) return '';
  const all = [top, ...tables].map((row) => {
    const height = Math.max(...row.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => row.map((lines) => lines[at] ?? ''));
  });
  const lines = boxed(all.flat()).split('\n');
  const between = (lines[0] as string).replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  const text = [lines[0] as string];
  let at = 1;
  for (const [index, row] of all.entries()) {
    if (index > 0) text.push(between);
    text.push(...lines.slice(at, at + row.length));
    at += row.length;
  }
  return `${[...text, ...lines.slice(at)].join('\n')}`;
}

/** Columns on a terminal: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) continue;
    columns +=
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return columns;
}
