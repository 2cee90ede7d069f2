import { compareVersions, type RpmRelation } from '@pratique/inspect';
import { RelationError } from '../debian/relations.ts';

const less = 1 << 1;
const greater = 1 << 2;
const equal = 1 << 3;
const senses: Readonly<Record<string, number>> = {
  '<': less,
  '<=': less | equal,
  '=': equal,
  '>=': greater | equal,
  '>': greater,
};
const operators = new Set(['and', 'or', 'if', 'else', 'unless', 'with', 'without']);
const limits = { depth: 100, characters: 64 * 1024 };

/**
 * What a requirement names: itself, or of a rich one (rpm's boolean dependencies) everything that stands in it, whichever
 * of its alternatives or conditions holds. What rpm itself must be able to do (`rpmlib(…)`) is none.
 *
 * @throws RelationError
 */
export function capabilitiesOf(requirement: RpmRelation): readonly RpmRelation[] {
  if (requirement.name.startsWith('rpmlib(')) return [];
  return requirement.name.startsWith('(') ? ofRich(requirement.name) : [requirement];
}

function ofRich(text: string): readonly RpmRelation[] {
  const wrong = () => new RelationError(`the boolean dependency ${text.slice(0, 200)} cannot be read`);
  if (text.length > limits.characters) throw wrong();
  const found: RpmRelation[] = [];
  let depth = 0;
  let operator = '';
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at]!)) at++;
    else if (text[at] === '(') {
      at++;
      if (++depth > limits.depth) throw wrong();
    } else if (text[at] === ')') {
      at++;
      if (--depth < 0) throw wrong();
    } else {
      const word = wordAt(text, at);
      at += word.length;
      const last = found.at(-1);
      if (operator !== '') {
        if (last === undefined) throw wrong();
        found[found.length - 1] = { ...last, flags: senses[operator]!, version: word };
        operator = '';
      } else if (Object.hasOwn(senses, word)) operator = word;
      else if (!operators.has(word)) found.push({ name: word, flags: 0, version: '' });
    }
  }
  if (depth !== 0 || operator !== '' || found.length === 0) throw wrong();
  return found;
}

/** Up to a space or a parenthesis that was not opened in it: `libc.so.6(GLIBC_2.34)(64bit)`. */
function wordAt(text: string, start: number): string {
  let [at, open] = [start, 0];
  for (; at < text.length && !/\s/.test(text[at]!); at++) {
    if (text[at] === '(') open++;
    else if (text[at] === ')' && --open < 0) break;
  }
  return text.slice(start, at);
}

/** Whether what is provided would do, by versions: rpm's `rpmdsCompare`. Names are the same. */
export function overlaps(required: RpmRelation, provided: RpmRelation): boolean {
  const [a, b] = [required.flags & (less | greater | equal), provided.flags & (less | greater | equal)];
  if (a === 0 || b === 0 || required.version === '' || provided.version === '') return true;
  // A version without a release is every release of it.
  const isWhole = [required, provided].every(({ version }) => version.includes('-'));
  const [left, right] = [required, provided].map(({ version }) =>
    isWhole ? version : version.replace(/-.*$/, ''),
  );
  const order = compareVersions('rpm', left!, right!);
  if (order < 0) return (a & greater) !== 0 || (b & less) !== 0;
  if (order > 0) return (a & less) !== 0 || (b & greater) !== 0;
  return (a & b) !== 0;
}
