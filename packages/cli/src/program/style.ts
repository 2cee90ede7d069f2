import { createRequire } from 'node:module';

type Picocolors = typeof import('picocolors');

export type Style = ReturnType<Picocolors['createColors']>;

/** Colour functions that do nothing where colour is not wanted. Colour never carries meaning alone. */
export function style(enabled: boolean): Style {
  // Not an import: it looks at process.stdout when it is loaded, which takes 8 ms in the standalone executable.
  return (createRequire(import.meta.url)('picocolors') as Picocolors).createColors(enabled);
}

/** Width of text on a terminal, without escape sequences; wide characters are not used in our tables. */
function width(text: string): number {
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}

/** Columns padded to the widest cell, two spaces between, no trailing blanks. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
