import { printable } from '@pratique/errors';

/** One paragraph of Debian's control format by field name in lower case; continuation lines are joined with line feeds. */
export type Paragraph = ReadonlyMap<string, string>;

/** A text is not in the control format. Callers say which text. */
export class ControlError extends Error {}

const limits = { fieldBytes: 1024 * 1024, fields: 200 } as const;

/**
 * The paragraphs of a text in Debian's control format (deb822(5)), one after the other: an index has tens of thousands.
 *
 * @throws ControlError
 */
export function* paragraphs(text: string): Generator<Paragraph, void, undefined> {
  for (const block of controlBlocks(text)) {
    const paragraph = parseParagraph(block);
    if (paragraph.size > 0) yield paragraph;
  }
}

/** The texts that {@link paragraphs} reads, one a paragraph: for who writes some of them again, as they are. */
export function* controlBlocks(text: string): Generator<string, void, undefined> {
  let start: number | undefined;
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed;
    if (text.slice(at, end).trim() === '') {
      if (start !== undefined) yield text.slice(start, at);
      start = undefined;
    } else start ??= at;
    at = end + 1;
  }
  if (start !== undefined) yield text.slice(start);
}

/**
 * Reads one of {@link controlBlocks}. Of comments alone, it has no field.
 *
 * @throws ControlError
 */
export function parseParagraph(block: string): Paragraph {
  const paragraph = new Map<string, string>();
  let last = '';
  for (const line of block.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last === '') throw new ControlError(`a line continues no field: ${printable(line, 80)}`);
      const value = `${paragraph.get(last)}\n${line.trim()}`;
      if (value.length > limits.fieldBytes)
        throw new ControlError(`the field ${printable(last)} is too long`);
      paragraph.set(last, value);
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !/^[!-9;-~]+$/.test(name))
      throw new ControlError(`a line is not a field: ${printable(line, 80)}`);
    if (paragraph.has(name)) throw new ControlError(`the field ${printable(name)} is there twice`);
    if (paragraph.size === limits.fields) throw new ControlError(`more than ${limits.fields} fields`);
    paragraph.set(name, line.slice(colon + 1).trim());
    last = name;
  }
  return paragraph;
}
