import { compareDigits, compareText, isDigits } from './order.ts';

/**
 * Python: PEP 440, with its normalisations (case, `v`, separators, `alpha`/`c`/`pre`/`rev` spellings, implicit zero).
 * What PEP 440 does not know ("legacy") is older than everything it knows, and ordered as setuptools did.
 */
export function comparePep440(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined)
    return left === right ? compareLegacy(a, b) : Number(left !== undefined) - Number(right !== undefined);
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareLists(left.release, right.release, compareDigits) ||
    left.phase - right.phase ||
    compareDigits(left.pre, right.pre) ||
    compareOptional(left.post, right.post, -1) ||
    compareOptional(left.dev, right.dev, 1) ||
    compareLocal(left.local, right.local)
  );
}

interface Parsed {
  readonly epoch: string;
  /** Without trailing zeros. */
  readonly release: readonly string[];
  readonly phase: number;
  readonly pre: string;
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[] | undefined;
}

const grammar =
  /^\s*v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?(?:[-_.]?(dev)[-_.]?([0-9]*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

const phases: Readonly<Record<string, number>> = {
  a: 1,
  alpha: 1,
  b: 2,
  beta: 2,
  c: 3,
  rc: 3,
  pre: 3,
  preview: 3,
};
/** `1.0.dev1` is before every pre-release of 1.0; `1.0` and `1.0.post1` are after them. */
const onlyDev = 0;
const final = 4;

function parse(version: string): Parsed | undefined {
  const match = grammar.exec(version);
  if (match === null) return undefined;
  const [
    ,
    epoch = '',
    release = '',
    letter,
    pre = '',
    implicitPost,
    postWord,
    post = '',
    devWord,
    dev = '',
    local,
  ] = match;
  const hasPost = implicitPost !== undefined || postWord !== undefined;
  return {
    epoch,
    release: release.replace(/(?:\.0+)+$/, '').split('.'),
    phase:
      letter !== undefined
        ? phases[letter.toLowerCase()]!
        : devWord !== undefined && !hasPost
          ? onlyDev
          : final,
    pre,
    post: hasPost ? (implicitPost ?? post) : undefined,
    dev: devWord === undefined ? undefined : dev,
    local: local?.toLowerCase().split(/[-_.]/),
  };
}

/** `absent` says where a missing part stands: -1 before, 1 after every present one. */
function compareOptional(a: string | undefined, b: string | undefined, absent: number): number {
  if (a === undefined || b === undefined) return (Number(a === undefined) - Number(b === undefined)) * absent;
  return compareDigits(a, b);
}

/** Any local version is after none; numbers after words; longer after its beginning. */
function compareLocal(a: readonly string[] | undefined, b: readonly string[] | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareLists(a, b, (x, y) =>
    isDigits(x) && isDigits(y)
      ? compareDigits(x, y)
      : Number(isDigits(x)) - Number(isDigits(y)) || compareText(x, y),
  );
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compare(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** setuptools' order before PEP 440: numbers as text of eight digits, words below the end, `-` before a word. */
function compareLegacy(a: string, b: string): number {
  return compareLists(legacyParts(a), legacyParts(b), compareText);
}

const legacyWords: Readonly<Record<string, string>> = {
  pre: 'c',
  preview: 'c',
  rc: 'c',
  '-': 'final-',
  dev: '@',
};

function legacyParts(version: string): readonly string[] {
  const parts: string[] = [];
  for (const written of version.toLowerCase().match(/[0-9]+|[a-z]+|\.|-|[^0-9a-z.-]+/g) ?? []) {
    if (written === '.') continue;
    const part = isDigits(written) ? written.padStart(8, '0') : `*${legacyWords[written] ?? written}`;
    if (part < '*final') dropLast(parts, '*final-');
    if (part.startsWith('*')) dropLast(parts, '00000000');
    parts.push(part);
  }
  dropLast(parts, '00000000');
  return [...parts, '*final'];
}

function dropLast(parts: string[], value: string): void {
  while (parts.at(-1) === value) parts.pop();
}
