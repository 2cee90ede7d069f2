import { satisfies } from '@pratique/inspect';

/** `so:libssl.so.3>=3.0`, `!conflict`: a package or something provided, and what its version must be. */
export interface ApkDependency {
  readonly name: string;
  /** It must not be there. */
  readonly conflict: boolean;
  readonly version: { readonly operator: Operator; readonly value: string } | null;
}

/** `cmd:sh=1.36.1-r0`: a name and, where it has one, its version. */
export interface ApkProvision {
  readonly name: string;
  readonly version: string | null;
}

type Operator = '<' | '<=' | '=' | '>=' | '>' | '~';

/** A text is not a dependency of apk. Callers say where it stands. */
export class DependencyError extends Error {}

const grammar = /^(!?)([^\s!@<>=~][^\s@<>=~]*)(?:(>=|<=|=~|~=|~|=|<|>)([^\s<>=~@]+(?:~[0-9a-f]+[^\s]*)?))?$/;
const limits = { bytes: 1024, count: 5000 } as const;

/** A list, apart by white space (apk-world(5)). Names with a repository’s tag (`@edge`) are refused. @throws DependencyError */
export function parseDependencies(field: string): readonly ApkDependency[] {
  const words = field.split(/\s+/).filter((word) => word !== '');
  if (words.length > limits.count) throw new DependencyError(`more than ${limits.count} dependencies`);
  return words.map(parseDependency);
}

function parseDependency(text: string): ApkDependency {
  const match = text.length > limits.bytes ? null : grammar.exec(text);
  if (match === null) throw new DependencyError(`"${text.slice(0, 80)}" is not a dependency`);
  const [, sign, name, operator, value] = match;
  const plain = operator === '=~' || operator === '~=' ? '~' : operator;
  return {
    name: name!,
    conflict: sign === '!',
    version: value === undefined ? null : { operator: plain as Operator, value },
  };
}

/** @throws DependencyError */
export function parseProvisions(field: string): readonly ApkProvision[] {
  return parseDependencies(field).map(({ name, version }) => ({ name, version: version?.value ?? null }));
}

/** Whether a version is one that the dependency accepts. */
export function acceptsApk({ version }: ApkDependency, found: string): boolean {
  if (version === null) return true;
  const { operator, value } = version;
  // What is left open is whatever comes after a whole part: 1.2 stands for 1.2.3 and 1.2-r4, and not for 1.20.
  if (operator === '~') return found.startsWith(value) && !/^\d/.test(found.slice(value.length));
  return satisfies('apk', found, operator, value);
}

/** As it is written. */
export function dependencyText({ name, conflict, version }: ApkDependency): string {
  return `${conflict ? '!' : ''}${name}${version === null ? '' : `${version.operator}${version.value}`}`;
}
