import { inflateSync } from 'node:zlib';
import { isJsonObject, parseJson } from '@pratique/crypto';

/** A crate a Rust program was built from. */
export interface RustCrate {
  readonly name: string;
  readonly version: string;
  /** The program itself, and not what it was built with. */
  readonly isRoot: boolean;
}

const maxBytes = 8 * 1024 * 1024;

/** Reads the section `.dep-v0` (cargo-auditable: zlib, then JSON): what is in the program, not what only its build used. */
export function parseRustAudit(section: Uint8Array): readonly RustCrate[] | undefined {
  try {
    const json = inflateSync(section, { maxOutputLength: maxBytes });
    const document: unknown = parseJson(json, 'cargo-auditable data', { maxBytes });
    if (!isJsonObject(document) || !Array.isArray(document.packages)) return undefined;
    return document.packages.flatMap((crate) => {
      if (!isJsonObject(crate) || crate.kind === 'build') return [];
      const { name, version } = crate;
      return typeof name === 'string' && typeof version === 'string'
        ? [{ name, version, isRoot: crate.root === true }]
        : [];
    });
  } catch {
    return undefined;
  }
}
