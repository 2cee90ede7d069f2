/** A piece of a text, and what tells it apart from the next: blanks, another separator of IFS, or nothing. */
export interface Piece {
  readonly text: string;
  readonly end: 'blank' | 'separator' | 'none';
  /** Where what comes after its end begins. */
  readonly next: number;
}

/** Splits a text as the shell does (XCU §2.6.5). */
export function* pieces(text: string, separators = ' \t\n'): Generator<Piece> {
  const isBlank = (character: string | undefined): boolean =>
    character !== undefined && /[ \t\n]/.test(character) && separators.includes(character);
  const isSeparator = (character: string | undefined): boolean =>
    character !== undefined && separators.includes(character);
  for (let at = 0; ; ) {
    const start = at;
    while (at < text.length && !isSeparator(text[at])) at++;
    const piece = text.slice(start, at);
    if (at >= text.length) {
      yield { text: piece, end: 'none', next: at };
      return;
    }
    while (isBlank(text[at])) at++;
    const isOther = isSeparator(text[at]);
    if (isOther) at++;
    while (isOther && isBlank(text[at])) at++;
    yield { text: piece, end: isOther ? 'separator' : 'blank', next: at };
  }
}

/** What `read` makes of a line: a value for each name, all that is left for the last one. */
export function readFields(line: string, count: number, separators = ' \t\n'): readonly string[] {
  const blanks = [...separators].filter((character) => /[ \t\n]/.test(character));
  const trimmed = trim(line, blanks);
  const values: string[] = [];
  let from = 0;
  for (const { text, next } of pieces(trimmed, separators)) {
    if (values.length === count - 1) break;
    values.push(text);
    from = next;
  }
  if (values.length === count - 1) values.push(lastValue(trimmed.slice(from), separators));
  return values;
}

/** A single separator at the end of what is left ends it, and is no part of it. */
function lastValue(text: string, separators: string): string {
  const all = [...pieces(text, separators)];
  return all.length === 2 && all[1]!.text === '' ? all[0]!.text : text;
}

function trim(text: string, blanks: readonly string[]): string {
  let [start, end] = [0, text.length];
  while (start < end && blanks.includes(text[start]!)) start++;
  while (end > start && blanks.includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}
