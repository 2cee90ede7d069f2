/**
 * Makes text from outside safe to show: control characters, bidirectional overrides and lone surrogates become
 * `\u{…}` escapes, and anything longer than `max` UTF-16 units is cut with an ellipsis. Terminals and logs obey
 * escape sequences, so bytes an attacker chose must never reach them as they are.
 */
export function printable(text: string, max = 200): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\p{Cs}]|[\u{e0000}-\u{e007f}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
