import type { FunctionName, Module } from '../pkcs11/module.ts';

/** What a fake PKCS#11 module has: tokens by slot, and objects by handle with their attributes. */
export interface FakeToken {
  readonly slotId: number;
  readonly label: string;
  readonly serial?: string;
  readonly loginRequired?: boolean;
}

export interface FakeContents {
  readonly tokens: readonly FakeToken[];
  readonly objects?: Readonly<Record<number, Readonly<Record<number, Uint8Array>>>>;
  /** What functions return instead of 0. */
  readonly returns?: Readonly<Partial<Record<FunctionName, number>>>;
  /** What C_Sign puts out. */
  readonly signature?: Uint8Array;
}

type Template = { type: number; pValue: Buffer; ulValueLen: number }[];

/** A PKCS#11 module without a library behind it. */
export function fakeModule({ tokens, objects = {}, returns = {}, signature }: FakeContents): Module & {
  readonly calls: { readonly name: FunctionName; readonly args: readonly unknown[] }[];
} {
  const calls: { name: FunctionName; args: readonly unknown[] }[] = [];
  let found: number[] = [];
  const behaviours: Partial<Record<FunctionName, (...args: never[]) => void>> = {
    C_GetSlotList: (_present: number, slots: number[] | null, count: number[]) => {
      if (slots !== null) for (const [index, { slotId }] of tokens.entries()) slots[index] = slotId;
      count[0] = tokens.length;
    },
    C_GetTokenInfo: (slot: number, info: Buffer) => {
      const { label, serial = '', loginRequired = true } = tokens.find(({ slotId }) => slotId === slot)!;
      info.write(label.padEnd(32) + 'maker'.padEnd(32) + 'model'.padEnd(16) + serial.padEnd(16), 'latin1');
      info[96] = loginRequired ? 4 : 0;
    },
    C_OpenSession: (_slot: number, _flags: number, _a: null, _n: null, session: number[]) => {
      session[0] = 1;
    },
    C_FindObjectsInit: (_session: number, wanted: Template) => {
      found = Object.entries(objects)
        .filter(([, attributes]) =>
          wanted.every(({ type, pValue }) => pValue.equals(attributes[type] ?? pValue.subarray(1))),
        )
        .map(([handle]) => Number(handle));
    },
    C_FindObjects: (_session: number, handles: number[], most: number, count: number[]) => {
      const next = found.splice(0, most);
      for (const [index, handle] of next.entries()) handles[index] = handle;
      count[0] = next.length;
    },
    C_Sign: (_session: number, _data: Buffer, _length: number, out: Buffer, length: number[]) => {
      out.set(signature!);
      length[0] = signature!.byteLength;
    },
  };
  const call: Module['call'] = (name, ...args) => {
    calls.push({ name, args });
    const code = returns[name] ?? 0;
    if (code !== 0) return code;
    if (name === 'C_GetAttributeValue') {
      const [, object, [asked]] = args as [number, number, Template];
      const value = objects[object]?.[asked!.type];
      if (value === undefined) return 0x12;
      asked!.pValue.set(value);
      asked!.ulValueLen = value.byteLength;
      return 0;
    }
    behaviours[name]?.(...(args as never[]));
    return 0;
  };
  return {
    path: '/fake.so',
    calls,
    call,
    must(name, ...args) {
      if (call(name, ...args) !== 0) throw new Error(`${name} failed`);
    },
    close() {},
  };
}
