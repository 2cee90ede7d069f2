import { statSync } from 'node:fs';
import { endianness } from 'node:os';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { returnNames } from './constants.ts';
import { foreignFunctions, hold } from './library.ts';

/** Functions of a module, and where they stand in CK_FUNCTION_LIST (v2.40 §5.4), after its version. */
const functions = {
  C_Initialize: [0, '(void *arguments)'],
  C_Finalize: [1, '(void *reserved)'],
  C_GetSlotList: [4, '(uint8_t present, _Out_ ulong *slots, _Inout_ ulong *count)'],
  C_GetTokenInfo: [6, '(ulong slot, void *info)'],
  C_GetMechanismInfo: [8, '(ulong slot, ulong mechanism, _Out_ ulong *info)'],
  C_OpenSession: [12, '(ulong slot, ulong flags, void *application, void *notify, _Out_ ulong *session)'],
  C_CloseSession: [13, '(ulong session)'],
  C_Login: [18, '(ulong session, ulong user, void *pin, ulong length)'],
  C_GetAttributeValue: [24, '(ulong session, ulong object, _Inout_ CK_ATTRIBUTE *template, ulong count)'],
  C_FindObjectsInit: [26, '(ulong session, CK_ATTRIBUTE *template, ulong count)'],
  C_FindObjects: [27, '(ulong session, _Out_ ulong *objects, ulong most, _Out_ ulong *count)'],
  C_FindObjectsFinal: [28, '(ulong session)'],
  C_SignInit: [42, '(ulong session, CK_MECHANISM *mechanism, ulong key)'],
  C_Sign: [43, '(ulong session, void *data, ulong length, void *signature, _Inout_ ulong *signatureLength)'],
  C_GenerateKeyPair: [
    59,
    '(ulong session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public, ulong publicCount, CK_ATTRIBUTE *private, ulong privateCount, _Out_ ulong *publicKey, _Out_ ulong *privateKey)',
  ],
} as const satisfies Readonly<Record<string, readonly [index: number, parameters: string]>>;

export type FunctionName = keyof typeof functions;

/** A loaded module. Not for two threads at once: every call blocks until the token has answered. */
export interface Module {
  readonly path: string;
  /** Calls a function and returns its CK_RV. */
  call(name: FunctionName, ...args: unknown[]): number;
  /** Calls a function that must return CKR_OK. @throws PKCS11_FAILED */
  must(name: FunctionName, ...args: unknown[]): void;
  /** Lets go; the last one finalizes the module. */
  close(): void;
}

interface Loaded {
  readonly call: Module['call'];
  users: number;
}

/** Types have names, each once in a process. */
const prototypes = new Map<FunctionName, unknown>();
function prototypeOf(name: FunctionName): unknown {
  const known = prototypes.get(name) ?? foreignFunctions().proto(`ulong ${name}${functions[name][1]}`);
  prototypes.set(name, known);
  return known;
}

/** A module may be initialized once in a process; keys of one share it. */
const loadedModules = new Map<string, Loaded>();

/**
 * Loads a PKCS#11 module, which is code that runs in this process, and initializes it.
 *
 * @throws PKCS11_LIBRARY_MISSING, PKCS11_MODULE_UNUSABLE, PKCS11_FAILED
 */
export function openModule(path: string): Module {
  const known = loadedModules.get(path) ?? load(path);
  loadedModules.set(path, known);
  known.users++;
  let open = true;
  return {
    path,
    call: known.call,
    must(name, ...args) {
      const code = known.call(name, ...args);
      if (code !== 0) throw failed(name, code);
    },
    close() {
      if (!open) return;
      open = false;
      known.users--;
      if (known.users > 0) return;
      loadedModules.delete(path);
      known.call('C_Finalize', null);
    },
  };
}

function load(path: string): Loaded {
  // Structures are packed and CK_ULONG is narrower on Windows.
  if (process.platform === 'win32' || endianness() !== 'LE')
    throw unusable(path, 'PKCS#11 modules are not called on this system');
  const koffi = foreignFunctions();
  if (!isFile(path)) throw unusable(path, 'there is no such file');
  let list: unknown;
  try {
    // Node shows the functions of its own OpenSSL to whatever it loads: a module must find the ones it was built for before
    // those (RTLD_DEEPBIND).
    const library = hold(koffi.load(path, { deep: true }));
    const getFunctionList = library.func('ulong C_GetFunctionList(_Out_ void **list)');
    const out: unknown[] = [null];
    const code = Number(getFunctionList(out));
    if (code !== 0) throw failed('C_GetFunctionList', code);
    [list] = out;
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'PratiqueError') throw cause;
    throw unusable(path, 'it is no PKCS#11 library for this machine', cause);
  }
  const size = koffi.sizeof('void *');
  const resolved = new Map<FunctionName, (...args: unknown[]) => number | bigint>();
  const call: Module['call'] = (name, ...args) => {
    let called = resolved.get(name);
    if (called === undefined) {
      // Before the functions stands CK_VERSION, two bytes, and padding up to the first pointer.
      const pointer = koffi.decode(list, size * (1 + functions[name][0]), 'void *');
      called = hold(koffi.decode(pointer, prototypeOf(name)));
      resolved.set(name, called);
    }
    return Number(called(...args));
  };
  const code = call('C_Initialize', null);
  // Somebody else in this process did: it works, and is theirs to finalize.
  if (code !== 0 && returnNames[code] !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
    throw failed('C_Initialize', code);
  return { call, users: code === 0 ? 0 : 1 };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The fault for a return value. */
export function failed(name: string, code: number) {
  const value = returnNames[code] ?? `0x${code.toString(16)}`;
  return keysErrors.error('PKCS11_FAILED', {
    message: `the PKCS#11 module failed: ${name} returned ${value}`,
    expected: 'CKR_OK',
    found: value,
  });
}

function unusable(path: string, problem: string, cause?: unknown) {
  return keysErrors.error('PKCS11_MODULE_UNUSABLE', {
    message: `the PKCS#11 module ${printable(path)} cannot be used: ${problem}`,
    cause,
  });
}
