import { createRequire } from 'node:module';
import { keysErrors } from '../errors.ts';

/** What is used of the package `koffi`, which is optional: its types would ask for it where it is not. */
interface Koffi {
  load(
    path: string,
    options: { readonly deep: boolean },
  ): { func(declaration: string): (...args: unknown[]) => number | bigint };
  struct(name: string, members: Readonly<Record<string, string>>): unknown;
  proto(declaration: string): unknown;
  decode(pointer: unknown, offset: number, type: string): unknown;
  decode(pointer: unknown, type: unknown): (...args: unknown[]) => number | bigint;
  sizeof(type: string): number;
}

/** A variable, so that neither the type checker nor the bundler looks for what may not be there. */
const packageName = 'koffi';
let loaded: Koffi | undefined;
/** What is not held is collected, while functions that were made with it still use it: the process crashes. */
const held: unknown[] = [];

/** Keeps something of koffi's for as long as the process lives. */
export function hold<T>(value: T): T {
  held.push(value);
  return value;
}

/** Calls functions of native libraries. @throws PKCS11_LIBRARY_MISSING */
export function foreignFunctions(): Koffi {
  if (loaded !== undefined) return loaded;
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)(packageName) as Koffi;
  } catch (cause) {
    throw keysErrors.error('PKCS11_LIBRARY_MISSING', {
      message: 'keys in PKCS#11 tokens need the package koffi, which cannot be loaded',
      cause,
    });
  }
  hold(koffi.struct('CK_ATTRIBUTE', { type: 'ulong', pValue: 'void *', ulValueLen: 'ulong' }));
  hold(koffi.struct('CK_MECHANISM', { mechanism: 'ulong', pParameter: 'void *', ulParameterLen: 'ulong' }));
  loaded = koffi;
  return koffi;
}
