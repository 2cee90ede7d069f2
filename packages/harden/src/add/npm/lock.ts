import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { hardenErrors } from '../../errors.ts';
import { sha512Of } from './integrity.ts';
import { isPackageName } from './package-file.ts';

/** A package that a lock file names, and where it goes. */
export interface LockedPackage {
  /** `node_modules/a/node_modules/b` */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** Hexadecimal. */
  readonly sha512: string;
  readonly resolved: string | null;
}

/** For which machine packages are. */
export interface NpmTarget {
  /** Node’s name: `linux`. */
  readonly os: string;
  /** Node’s name: `x64`. */
  readonly cpu: string;
}

const limits = { bytes: 64 * 1024 * 1024, packages: 50_000 } as const;

/**
 * What a `package-lock.json` (lockfileVersion 2 and 3) installs for production on a machine. Optional packages for other
 * machines are left out, as are development’s.
 *
 * @throws HARDEN_ADD_UNUSABLE for what is not pinned by a sha512: links, git, files, older lock files
 */
export function readLock(bytes: Uint8Array, name: string, target: NpmTarget): readonly LockedPackage[] {
  const unusable = (why: string, cause?: unknown) =>
    hardenErrors.error('HARDEN_ADD_UNUSABLE', { message: `${printable(name, 200)} ${why}`, cause });
  let document: unknown;
  try {
    document = parseJson(bytes, 'package-lock.json', { maxBytes: limits.bytes });
  } catch (cause) {
    throw unusable('is not well-formed JSON', cause);
  }
  if (
    !isJsonObject(document) ||
    ![2, 3].includes(document.lockfileVersion as number) ||
    !isJsonObject(document.packages)
  )
    throw unusable('is not a package-lock.json of lockfileVersion 2 or 3');
  const entries = Object.entries(document.packages);
  if (entries.length > limits.packages) throw unusable(`has more than ${limits.packages} packages`);
  return entries.flatMap(([path, one]): readonly LockedPackage[] => {
    if (path === '') return [];
    if (!isJsonObject(one)) throw unusable(`has no entry at ${printable(path, 120)}`);
    if (one.dev === true || one.inBundle === true) return [];
    if (!allows(one.os, target.os) || !allows(one.cpu, target.cpu)) return [];
    // A C library cannot be told from here; one that is optional and for another does no harm.
    const parts = path.split(/(?:^|\/)node_modules\//).slice(1);
    const own = parts.at(-1) ?? '';
    if (
      parts.length === 0 ||
      !parts.every(isPackageName) ||
      `node_modules/${parts.join('/node_modules/')}` !== path
    )
      throw unusable(`has a package outside of node_modules: ${printable(path, 120)}`);
    const { version, integrity, resolved, link } = one;
    const real = typeof one.name === 'string' ? one.name : own;
    const sha512 = typeof integrity === 'string' ? sha512Of(integrity) : null;
    if (
      link === true ||
      typeof version !== 'string' ||
      !isVersion(version) ||
      !isPackageName(real) ||
      sha512 === null
    )
      throw unusable(`does not pin ${printable(path, 120)} by a version and a sha512`);
    return [{ path, name: real, version, sha512, resolved: typeof resolved === 'string' ? resolved : null }];
  });
}

/** An exact version of semver: it becomes part of an address. */
export function isVersion(text: string): boolean {
  return /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.test(text) && text.length <= 256;
}

/** `os` and `cpu` of package.json: names, or names with `!` that are not. */
function allows(list: unknown, one: string): boolean {
  if (!Array.isArray(list) || list.length === 0) return true;
  const names = list.filter((name) => typeof name === 'string');
  if (names.includes(`!${one}`)) return false;
  const wanted = names.filter((name) => !name.startsWith('!'));
  return wanted.length === 0 || wanted.includes(one) || wanted.includes('any');
}
