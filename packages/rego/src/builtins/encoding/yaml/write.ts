/** Rego values as the YAML that go-yaml v2 writes: block style, naturally sorted keys, sequences not indented in maps. */
import { numberText, RegoNumber, RegoObject, toDouble, type Value } from '../../../values/index.ts';
import { formatFloat } from '../../go/float.ts';
import { marshalJson } from '../../go/json.ts';
import { resolvePlain } from './resolve.ts';

/** The document, ending in a newline. */
export function writeYaml(value: Value): string {
  const lines = node(value, 0, 'root');
  return `${lines.replace(/^ /, '')}\n`;
}

type Place = 'root' | 'member' | 'item';

/**
 * The node's text as it follows `key:` or `-`: with a leading space where it starts on the same line, with a leading
 * newline where it starts on the next.
 */
function node(value: Value, indent: number, place: Place): string {
  if (value === null || typeof value !== 'object' || value instanceof RegoNumber) {
    return ` ${scalar(value, place === 'root' ? 2 : indent + 2)}`;
  }
  if (value instanceof RegoObject) {
    if (value.size === 0) return ' {}';
    const inner = place === 'root' ? 0 : indent + 2;
    const members = sortedMembers(value).map(
      ([name, member]) => keyText(name, inner) + node(member, inner, 'member'),
    );
    return block(members, inner, place);
  }
  const items = value.rank === 4 ? value.items : value.values();
  if (items.length === 0) return ' []';
  // A sequence in a mapping stands at the indentation of its key.
  const inner = place === 'item' ? indent + 2 : indent;
  return block(
    items.map((item) => `-${node(item, inner, 'item')}`),
    inner,
    place,
  );
}

function block(lines: readonly string[], indent: number, place: Place): string {
  const joined = lines.join(`\n${' '.repeat(indent)}`);
  if (place === 'member') return `\n${' '.repeat(indent)}${joined}`;
  return ` ${joined}`;
}

function keyText(name: string, indent: number): string {
  const simple = !name.includes('\n') && name.length <= 128;
  const text = stringText(name, indent + 2);
  return simple ? `${text}:` : `? ${text}\n${' '.repeat(indent)}:`;
}

function scalar(value: null | boolean | number | string | RegoNumber, indent: number): string {
  if (typeof value === 'string') return stringText(value, indent);
  if (value === null || typeof value === 'boolean') return String(value);
  const resolved = resolvePlain(numberText(value));
  if (typeof resolved === 'bigint') return resolved.toString();
  const double = toDouble(value);
  // What is no double is no number to go-yaml, which reads it before it writes it.
  return Number.isFinite(double) ? formatFloat(double, 'g', -1) : stringText(numberText(value), indent);
}

function stringText(text: string, indent: number): string {
  const wellFormed = text.isWellFormed();
  if (!wellFormed) text = text.toWellFormed();
  const special = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]| [\n\u2028\u2029]/.test(text);
  if (text.includes('\n')) {
    const literal = !special && !text.endsWith(' ');
    return literal ? literalText(text, indent) : doubleQuoted(text);
  }
  const plain = typeof resolvePlain(text) === 'string' && !isTimestampLike(text) && !isBase60(text);
  if (!plain || special || /[\u2028\u2029]/.test(text)) return doubleQuoted(text);
  return plainAllowed(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** Words that are not strings to YAML although they become strings in JSON. */
function isTimestampLike(text: string): boolean {
  return /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt\s]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)?$)/.test(
    text,
  );
}

function isBase60(text: string): boolean {
  return /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}

function plainAllowed(text: string): boolean {
  return !(
    /^(?:---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[?:-](?:[ \t]|$)/.test(text) ||
    /:(?:[ \t]|$)/.test(text) ||
    /[ \t]#/.test(text) ||
    /^ | $/.test(text)
  );
}

function literalText(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const body = chomp === '-' ? text : text.slice(0, -1);
  const lines = body.split('\n').map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const printable = /[\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(character) && code < 0x10000;
    if (printable && !'"\\\u2028\u2029'.includes(character)) out += character;
    else if (escapes[character] !== undefined) out += escapes[character];
    else if (code <= 0xff) out += `\\x${hex(code, 2)}`;
    else out += code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }
  return `${out}"`;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, '0');
}

function sortedMembers(object: RegoObject): readonly (readonly [string, Value])[] {
  return object
    .keys()
    .map((key) => [typeof key === 'string' ? key : marshalJson(key), object.get(key)!] as const)
    .sort(([a], [b]) => compareKeys(a, b));
}

/** go-yaml's order: runs of digits by value, letters after everything else. */
function compareKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] === right[i]) continue;
    const leftLetter = /\p{L}/u.test(left[i]!);
    const rightLetter = /\p{L}/u.test(right[i]!);
    if (leftLetter && rightLetter) return codeOf(left[i]!) - codeOf(right[i]!);
    if (leftLetter || rightLetter) return rightLetter ? -1 : 1;
    const [leftRun, rightRun] = [digitRun(left, i), digitRun(right, i)];
    const guard = (left[i] === '0' || right[i] === '0') && followsNonZeroDigit(left, i) ? '1' : '0';
    const leftValue = BigInt(guard + leftRun);
    const rightValue = BigInt(guard + rightRun);
    if (leftValue !== rightValue) return leftValue < rightValue ? -1 : 1;
    if (leftRun.length !== rightRun.length) return leftRun.length - rightRun.length;
    return codeOf(left[i]!) - codeOf(right[i]!);
  }
  return left.length - right.length;
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}

function digitRun(characters: readonly string[], from: number): string {
  let end = from;
  while (end < characters.length && /^[0-9]$/.test(characters[end]!)) end++;
  return characters.slice(from, end).join('');
}

function followsNonZeroDigit(characters: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0 && /^[0-9]$/.test(characters[i]!); i--) if (characters[i] !== '0') return true;
  return false;
}
