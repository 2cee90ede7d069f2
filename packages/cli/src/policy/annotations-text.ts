import { printable } from '@pratique/errors';
import { type Annotations, type AnnotationsRef, fromJson, goJson, refText, shortPath } from '@pratique/rego';

const PAGE_WIDTH = 80;

/** What METADATA blocks say, as `opa inspect --annotations` shows it. */
export function annotationsText(refs: readonly AnnotationsRef[]): string {
  return refs.length === 0 ? '' : harmless(`ANNOTATIONS:\n${refs.map(oneText).join('')}`);
}

/** A bundle is from outside: what would move the cursor of a terminal is escaped, but for line ends and tabs. */
function harmless(text: string): string {
  return text.replace(/[^\n\t]+/g, (part) => printable(part, part.length));
}

function oneText({ annotations, path, location, module, rule }: AnnotationsRef): string {
  const { description, scope, entrypoint } = annotations;
  const title = annotations.title?.trim() || shortPath(path);
  const lines = [title, '='.repeat(Math.min(byteLength(title), PAGE_WIDTH)), ''];
  if (description !== undefined) lines.push(description, '');
  lines.push(`Package:  ${shortPath(module.package.path)}`);
  if (rule !== undefined) lines.push(`Rule:     ${refText(rule.head.ref)}`);
  lines.push(`Location: ${location.file}:${location.row}`, `Scope: ${scope}`);
  if (entrypoint === true) lines.push('Entrypoint: true');
  lines.push('');
  for (const [heading, separator, entries] of listsOf(annotations)) {
    if (entries.length > 0) lines.push(`${heading}:`, ...listed(entries, separator), '');
  }
  return `${lines.join('\n')}\n`;
}

type Entry = readonly [key: string, value: string];

function listsOf(
  a: Annotations,
): (readonly [heading: string, separator: string, entries: readonly Entry[]])[] {
  const author = ({ name = '', email = '' }): string =>
    email === '' ? name : name === '' ? `<${email}>` : `${name} <${email}>`;
  return [
    ['Organizations', '', (a.organizations ?? []).map((name) => [oneLine(name), ''])],
    ['Authors', '', (a.authors ?? []).map((item) => [oneLine(author(item)), ''])],
    [
      'Schemas',
      ': ',
      (a.schemas ?? []).map(({ path, schema = [], definition }) => [
        refText(path),
        schema.length > 0 ? refText(schema) : definition === undefined ? '' : goJson(fromJson(definition)),
      ]),
    ],
    [
      'Related Resources',
      ' ',
      (a.relatedResources ?? []).map(({ ref, description = '' }) => [oneLine(ref), description]),
    ],
    ['Custom', ': ', Object.entries(a.custom ?? {}).map(([key, value]) => [key, goJson(fromJson(value))])],
  ];
}

/** Entries under each other, values in one column, long lines cut. Columns are bytes, as in OPA. */
function listed(entries: readonly Entry[], separator: string): string[] {
  const longest = Math.max(...entries.map(([key]) => byteLength(key)));
  return entries.map(([key, value]) => {
    const free = ' '.repeat(longest - byteLength(key));
    return cut(value === '' ? ` ${key}` : ` ${key}${separator}${free}${value}`);
  });
}

function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < PAGE_WIDTH) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, PAGE_WIDTH - 3))}...`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
