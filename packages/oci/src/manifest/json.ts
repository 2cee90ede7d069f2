/** Why `parseStrictJson` refused its input. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
}

/** Objects and arrays inside each other in any manifest, configuration or index an honest tool writes: 8 at most. */
const maxDepth = 64;

/**
 * `JSON.parse` for bytes that several programs will read. What parsers disagree about is refused: invalid UTF-8, a
 * byte order mark, a key given twice in one object (JavaScript keeps the last, others the first), and deep nesting.
 *
 * @throws JsonRefused
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonRefused('it is not UTF-8');
  }
  // Before JSON.parse, whose recursion is the engine's business; works on any text, well-formed or not.
  checkDepthAndKeys(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonRefused('it is not well-formed JSON');
  }
}

/** One pass over the tokens. For text that is not JSON the outcome does not matter: `JSON.parse` refuses it after. */
function checkDepthAndKeys(text: string): void {
  // One entry an open bracket: the keys seen so far for an object, null for an array.
  const open: (Set<string> | null)[] = [];
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        expectKey = text[at] === '{';
        open.push(expectKey ? new Set() : null);
        if (open.length > maxDepth) throw new JsonRefused(`it is nested deeper than ${maxDepth}`);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        expectKey = false;
        break;
      case 0x2c: // ,
        expectKey = open.at(-1) instanceof Set;
        break;
      case 0x22: {
        const start = at++;
        while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
        const keys = open.at(-1);
        if (!expectKey || !keys) break;
        expectKey = false;
        const key = keyOf(text.slice(start, at + 1));
        if (keys.has(key)) throw new JsonRefused('it gives the same key twice');
        keys.add(key);
        break;
      }
    }
  }
}

function keyOf(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw new JsonRefused('it is not well-formed JSON');
  }
}

/** Narrows to an object that is not an array. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
