import { printable } from '@pratique/errors';
import { hardenErrors } from '../errors.ts';
import {
  type ApkDependency,
  type ApkProvision,
  DependencyError,
  parseDependencies,
  parseProvisions,
} from './dependencies.ts';

/** A package as an index describes it. */
export interface ApkPackage {
  readonly name: string;
  readonly version: string;
  readonly depends: readonly ApkDependency[];
  readonly provides: readonly ApkProvision[];
  /** Who of several that provide the same is taken; the greatest. */
  readonly priority: number;
  /** `Q1` and the SHA-1 of the package’s control part, base64. */
  readonly checksum: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly url: string;
  /** All fields by their letter, for the package database of an image. */
  readonly fields: ReadonlyMap<string, string>;
}

const limits = { packages: 200_000, fieldBytes: 256 * 1024 } as const;
const digest = /^Q1[A-Za-z0-9+/]{27}=$/;

/**
 * Reads `APKINDEX` (apk-v2(5)): one-letter fields, packages apart by an empty line.
 *
 * @param directory where the packages lie: the repository’s address and the architecture
 * @throws PACKAGES_INDEX_INVALID
 */
export function parseIndex(text: string, directory: string): readonly ApkPackage[] {
  const packages: ApkPackage[] = [];
  for (const block of text.split(/\n{2,}/)) {
    if (block.trim() === '') continue;
    if (packages.length === limits.packages)
      throw invalid(directory, `more than ${limits.packages} packages`);
    packages.push(parsePackage(block, directory));
  }
  return packages;
}

function parsePackage(block: string, directory: string): ApkPackage {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    if (line === '') continue;
    const letter = line[0]!;
    if (line[1] !== ':' || !/[A-Za-z]/.test(letter))
      throw invalid(directory, `a line that is no field: ${printable(line, 80)}`);
    if (fields.has(letter)) throw invalid(directory, `the field ${letter} twice in one package`);
    if (line.length > limits.fieldBytes) throw invalid(directory, `a field ${letter} that is too long`);
    fields.set(letter, line.slice(2));
  }
  const field = (letter: string) => fields.get(letter) ?? '';
  const [name, version, checksum, size] = [field('P'), field('V'), field('C'), Number(field('S'))];
  // Both become part of an address and of the names of files.
  if (!/^[A-Za-z0-9_][\w.+-]*$/.test(name) || !/^[0-9][\w.+~-]*$/.test(version))
    throw invalid(directory, `a package with an unusable name: ${printable(`${name} ${version}`, 120)}`);
  if (!digest.test(checksum) || !Number.isSafeInteger(size) || size <= 0)
    throw invalid(directory, `no usable checksum or size of ${printable(name, 120)}`);
  try {
    return {
      name,
      version,
      depends: parseDependencies(field('D')),
      provides: parseProvisions(field('p')),
      priority: /^\d{1,6}$/.test(field('k')) ? Number(field('k')) : 0,
      checksum,
      size,
      url: `${directory}/${name}-${version}.apk`,
      fields,
    };
  } catch (cause) {
    if (!(cause instanceof DependencyError)) throw cause;
    throw invalid(directory, `${printable(name, 120)} with ${cause.message}`);
  }
}

function invalid(directory: string, why: string) {
  return hardenErrors.error('PACKAGES_INDEX_INVALID', {
    message: `${printable(directory, 200)} has ${printable(why, 300)}`,
  });
}
