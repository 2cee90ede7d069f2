/** Just enough of WebAssembly's binary format (WebAssembly Core Specification 1.0 §5) for arithmetic without branches. */

/** The instructions there are, by what they do (§5.4). */
const operations = {
  addAddresses: 0x6a,
  add: 0x7c,
  subtract: 0x7d,
  multiply: 0x7e,
  and: 0x83,
  shiftLeft: 0x86,
  shiftRight: 0x87,
} as const;
const opcodes = {
  end: 0x0b,
  call: 0x10,
  getLocal: 0x20,
  setLocal: 0x21,
  loadSigned32: 0x34,
  store32: 0x3e,
  constantAddress: 0x41,
  constant: 0x42,
} as const;
const i32 = 0x7f;
const i64 = 0x7e;
/** Addresses are multiples of 2 to the power of this. */
const alignment = 2;

/** The body of a function that takes addresses, its first locals, and returns nothing. Numbers are signed, of 64 bits. */
export class FunctionBody {
  readonly parameters: number;
  readonly #code: number[] = [];
  #locals = 0;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  /** A further local, for a number. */
  local(): number {
    return this.parameters + this.#locals++;
  }

  /** Pushes what a local holds. */
  get(local: number): this {
    return this.#write(opcodes.getLocal, ...unsigned(local));
  }

  set(local: number): this {
    return this.#write(opcodes.setLocal, ...unsigned(local));
  }

  /** Pops an address and pushes the number in the four bytes there. */
  load(offset: number): this {
    return this.#write(opcodes.loadSigned32, alignment, ...unsigned(offset));
  }

  /** Pops a number and, below it, an address, and writes the lowest 32 bits there. */
  store(offset: number): this {
    return this.#write(opcodes.store32, alignment, ...unsigned(offset));
  }

  address(value: number): this {
    return this.#write(opcodes.constantAddress, ...signed(value));
  }

  constant(value: number): this {
    return this.#write(opcodes.constant, ...signed(value));
  }

  /** Pops two and pushes one. */
  operate(operation: keyof typeof operations): this {
    return this.#write(operations[operation]);
  }

  /** Calls a function by its place in the module. */
  call(place: number): this {
    return this.#write(opcodes.call, ...unsigned(place));
  }

  encode(): number[] {
    const locals = this.#locals === 0 ? [0] : [1, ...unsigned(this.#locals), i64];
    return sized([...locals, ...this.#code, opcodes.end]);
  }

  #write(...bytes: number[]): this {
    this.#code.push(...bytes);
    return this;
  }
}

/** A module that works on a memory it is given as `env.memory`, and exports its functions by name (§5.5). */
export function encodeModule(functions: Readonly<Record<string, FunctionBody>>): Uint8Array<ArrayBuffer> {
  const bodies = Object.values(functions);
  const types = bodies.map(({ parameters }) => [0x60, parameters, ...Array(parameters).fill(i32), 0]);
  const memory = [...text('env'), ...text('memory'), 2, 0, 1];
  const exported = Object.keys(functions).map((name, place) => [...text(name), 0, ...unsigned(place)]);
  const sections: readonly (readonly [number, readonly number[][]])[] = [
    [1, types],
    [2, [memory]],
    [3, bodies.map((_, place) => unsigned(place))],
    [7, exported],
    [10, bodies.map((body) => body.encode())],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sections.flatMap(([id, items]) => [id, ...sized([...unsigned(items.length), ...items.flat()])]),
  ]);
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): number[] {
  return sized([...new TextEncoder().encode(value)]);
}

/** LEB128 (§5.2.2), of numbers below 2³¹. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const ends = value >= -0x40 && value < 0x40;
  return ends ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
