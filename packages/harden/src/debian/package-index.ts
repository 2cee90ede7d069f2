import { printable } from '@pratique/errors';
import { ControlError, type Paragraph, parseParagraph } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { parseRelations, RelationError, type Relations } from './relations.ts';
import type { AptSource } from './sources.ts';

/** A package as an index describes it. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** What must be there for it to work: `Pre-Depends` and `Depends`. */
  readonly depends: Relations;
  /** What it stands for besides its name. */
  readonly provides: Relations;
  /** Relative to the source's address. */
  readonly filename: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly source: AptSource;
  /** All fields, for the package database of an image. */
  readonly control: Paragraph;
}

/** The packages of one `Packages` file: tens of thousands, each read when it is asked for. */
export class PackageIndex {
  readonly #source: AptSource;
  readonly #text: string;
  /** Where the paragraphs of each package begin. */
  readonly #offsets = new Map<string, number[]>();
  /** Names of packages that say they provide another. */
  readonly #providers = new Map<string, string[]>();

  /** @throws PACKAGES_INDEX_INVALID */
  constructor(text: string, source: AptSource) {
    this.#text = text;
    this.#source = source;
    const lines = /^(?:Package: *(\S+) *$|Provides: *(.*)$)/gm;
    let name = '';
    for (let match = lines.exec(text); match !== null; match = lines.exec(text)) {
      const [, declared, provided] = match;
      if (declared !== undefined) {
        name = declared;
        push(this.#offsets, name, match.index);
      } else if (name !== '') {
        for (const [item] of provided!.matchAll(/(?:^|(?<=,))\s*[a-z0-9][a-z0-9+.-]*/g))
          push(this.#providers, item.trim(), name);
      }
    }
  }

  /** Every version of a package that the index has. */
  versions(name: string): readonly AptPackage[] {
    return (this.#offsets.get(name) ?? []).map((offset) => this.#read(offset));
  }

  /** Packages that provide a name, under names of their own. */
  providers(name: string): readonly AptPackage[] {
    return [...new Set(this.#providers.get(name) ?? [])].flatMap((provider) => this.versions(provider));
  }

  #read(offset: number): AptPackage {
    const end = this.#text.indexOf('\n\n', offset);
    const control = this.#wellFormed(() =>
      parseParagraph(this.#text.slice(offset, end < 0 ? undefined : end)),
    );
    const field = (name: string): string => {
      const value = control.get(name);
      if (value === undefined) throw this.#invalid(`a package lacks ${name}`);
      return value;
    };
    const filename = field('filename');
    const sha256 = field('sha256');
    const size = Number(field('size'));
    if (!/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(size) || !isRelativePath(filename))
      throw this.#invalid(`a package has no usable file: ${printable(filename, 120)}`);
    const relations = (...names: readonly string[]) =>
      this.#wellFormed(() => names.flatMap((name) => parseRelations(control.get(name) ?? '')));
    return {
      name: field('package'),
      version: field('version'),
      architecture: field('architecture'),
      depends: relations('pre-depends', 'depends'),
      provides: relations('provides'),
      filename,
      size,
      sha256,
      source: this.#source,
      control,
    };
  }

  #wellFormed<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof ControlError) && !(cause instanceof RelationError)) throw cause;
      throw this.#invalid(cause.message);
    }
  }

  #invalid(why: string) {
    const { uri, suite } = this.#source;
    return hardenErrors.error('PACKAGES_INDEX_INVALID', {
      message: `${printable(`${uri} ${suite}`, 200)}: ${why}`,
    });
  }
}

function isRelativePath(path: string): boolean {
  return /^[\w][\w.+~%/-]*$/.test(path) && !path.split('/').includes('..');
}

function push(into: Map<string, unknown[]>, key: string, value: unknown): void {
  const list = into.get(key);
  if (list === undefined) into.set(key, [value]);
  else list.push(value);
}
