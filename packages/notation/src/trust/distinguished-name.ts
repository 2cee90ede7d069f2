import { type Certificate, parseName } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { attributeNames, formatName } from '../certificate/name.ts';
import { notationErrors } from '../errors.ts';

/** Values by the names of their attributes, each there once. */
export type DistinguishedName = ReadonlyMap<string, string>;

const known: ReadonlySet<string> = new Set(Object.values(attributeNames));
const mandatory = ['C', 'ST', 'O'];
const maxLength = 4096;

/**
 * The distinguished name of a trusted identity (trust-store-trust-policy.md, "Trusted Identities Constraints"): RFC 4514 with
 * C, ST (or S) and O at least, each attribute once, none of several values, none in hexadecimal.
 *
 * @throws NOTATION_POLICY_INVALID
 */
export function parseDistinguishedName(text: string): DistinguishedName {
  if (text.length > maxLength) throw invalid(text, `it is longer than ${maxLength} characters`);
  const name = new Map<string, string>();
  for (const part of split(text)) {
    const at = part.indexOf('=');
    if (at < 0) throw invalid(text, `${printable(part)} has no value`);
    const type = part.slice(0, at).trim() === 'S' ? 'ST' : part.slice(0, at).trim();
    if (!known.has(type)) throw invalid(text, `${printable(type)} is not an attribute that is compared`);
    const value = decodeValue(text, part.slice(at + 1));
    if (value === '') throw invalid(text, `${type} has no value`);
    if (name.has(type)) throw invalid(text, `${type} stands twice`);
    name.set(type, value);
  }
  const missing = mandatory.filter((type) => !name.has(type));
  if (missing.length > 0) throw invalid(text, `it has no ${missing.join(', ')}`);
  return name;
}

/** The subject of a certificate as it is compared; or why it is not comparable. @throws DER_INVALID, CERTIFICATE_INVALID */
export function subjectName({ subject }: Certificate): DistinguishedName | { readonly problem: string } {
  const name = new Map<string, string>();
  for (const set of parseName(subject)) {
    const [attribute] = set;
    if (set.length !== 1 || attribute === undefined)
      return { problem: 'one of its attributes has two values' };
    const type = attributeNames[attribute.oid];
    if (type === undefined || attribute.value === null)
      return { problem: `its attribute ${attribute.oid} is not one that is compared` };
    if (name.has(type)) return { problem: `its attribute ${type} stands twice` };
    name.set(type, attribute.value);
  }
  const missing = mandatory.filter((type) => (name.get(type) ?? '') === '');
  return missing.length > 0 ? { problem: `it has no ${missing.join(', ')}` } : name;
}

/** Whether everything that `part` says is said by `whole`. */
export function isSubset(part: DistinguishedName, whole: DistinguishedName): boolean {
  return [...part].every(([type, value]) => whole.get(type) === value);
}

/** Whether one subject can be both: they contradict each other nowhere. */
export function mayBeOneSubject(a: DistinguishedName, b: DistinguishedName): boolean {
  return [...a].every(([type, value]) => (b.get(type) ?? value) === value);
}

/** For people, and for digests: sorted, so that the order in which it was written says nothing. */
export function formatDistinguishedName(name: DistinguishedName): string {
  return [...name]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, value]) => `${type}=${value.replace(/[,+"\\<>;=]/g, '\\$&')}`)
    .join(', ');
}

/** The subject of a certificate, for people. */
export function describeSubject({ subject }: Certificate): string {
  return formatName(subject);
}

/** At commas that are not escaped. */
function split(text: string): string[] {
  const parts: string[] = [''];
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') parts[parts.length - 1] += char + (text[++at] ?? '');
    else if (char === ',') parts.push('');
    else if ('+";<>'.includes(char)) throw invalid(text, `${char} must be written as \\${char}`);
    else parts[parts.length - 1] += char;
  }
  return parts;
}

const escapable = ' #+,;<=>"\\';

/** White space around it counts where it is escaped only. */
function decodeValue(text: string, written: string): string {
  const raw = written.trimStart();
  if (raw.startsWith('#')) throw invalid(text, 'a value is in hexadecimal');
  const bytes: number[] = [];
  /** Up to where nothing is cut off. */
  let kept = 0;
  for (let at = 0; at < raw.length; ) {
    const code = raw.codePointAt(at)!;
    const char = String.fromCodePoint(code);
    at += char.length;
    if (char !== '\\') {
      bytes.push(...new TextEncoder().encode(char));
      if (char.trim() !== '') kept = bytes.length;
      continue;
    }
    const next = raw[at] ?? '';
    const pair = raw.slice(at, at + 2);
    if (next !== '' && escapable.includes(next)) {
      bytes.push(next.charCodeAt(0));
      at += 1;
    } else if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at += 2;
    } else throw invalid(text, `\\${printable(next)} stands for nothing`);
    kept = bytes.length;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes.slice(0, kept)),
    );
  } catch {
    throw invalid(text, 'a value is not UTF-8');
  }
}

function invalid(text: string, message: string) {
  return notationErrors.error('NOTATION_POLICY_INVALID', {
    message: `the trusted identity cannot be used: ${message}`,
    expected: 'x509.subject: C=…, ST=…, O=…, and more attributes as RFC 4514 writes them',
    found: printable(text, 200),
  });
}
