import { type BuiltinContext, type CallLocation, Halt, type HostServices } from '../builtins/types.ts';
import { EMPTY_OBJECT, keyOf, type RegoObject, type Value } from '../values/index.ts';

/** A continuation: runs what is left of a body. True says "enough": every loop on the way out stops. */
export type Step = () => boolean;

/** Marks a document or a call that was evaluated and has no value. */
export const ABSENT: unique symbol = Symbol('absent');

export type Cached = Value | typeof ABSENT;

/** What to keep for a result. (`??` would take null for nothing.) */
export function toCached(value: Value | undefined): Cached {
  return value === undefined ? ABSENT : value;
}

/** What a document keeps between its uses in one evaluation. */
export interface UnitCache {
  /** The whole document. */
  full: Cached | undefined;
  /** Members evaluated one by one, by key. */
  members: Map<unknown, Cached> | undefined;
  /** Results of a function by its arguments: a map per argument. */
  calls: Map<unknown, unknown> | undefined;
  /** Results of a comprehension by the variables it selects with. */
  groups: Groups | undefined;
  /** Whether something kept here took an error of a built-in for "no value". */
  swallowed: boolean;
}

export interface Groups {
  uses: number;
  byKey: RegoObject | undefined;
}

/** A path of `data` that `with` replaces. */
export type Mask = { readonly path: readonly Value[]; readonly outer: Mask | undefined };

/** What a function is replaced by. */
export type Mock = (args: readonly Value[]) => Value | undefined;

/** Bounds of one evaluation. */
export interface Limits {
  /** Loop iterations, rule evaluations and the work that built-ins report. */
  readonly maxSteps: number;
  /** Milliseconds of wall clock; Infinity for none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * How much of the stack documents may take that wait for others, in units of {@link stackWeight}: about two thirds of
 * what Node gives a thread. Beyond it what waits begins again later (see {@link settle}).
 */
const MAX_DEPTH = 3_000;

/** How many steps may pass between looks at the clock and the signal. */
const CHECK_EVERY = 4096;

/**
 * The state of the evaluation under way. There is one machine per prepared policy, and every compiled step refers
 * to it and to its registers directly: Rego has no recursion, so each variable of each rule owns one register.
 */
export class Machine implements BuiltinContext {
  readonly registers: (Value | undefined)[] = [];
  input: Value | undefined = undefined;
  data: Value = EMPTY_OBJECT;
  /** Indexed by document. Replaced while a `with` is in force. */
  caches: (UnitCache | undefined)[] = [];
  mask: Mask | undefined = undefined;
  mocks: ReadonlyMap<string, Mock> | undefined = undefined;
  strictErrors = false;
  /** Whether sets may be gone over unsorted where the compiler allows it. Errors of built-ins come in Rego's order. */
  anyOrder = false;

  /** How many errors of built-ins were taken for "no value". What is read from a cache brings its own again. */
  swallowed = 0;

  /** What documents that wait for others take of the stack. */
  #depth = 0;
  /** The caches that no `with` is in force for: what is found out under them outlives a new beginning. */
  #lasting: Machine['caches'] = [];

  location: CallLocation | undefined = undefined;
  env: Readonly<Record<string, string>> = {};
  host: HostServices = {};
  print: BuiltinContext['print'] = undefined;
  note: BuiltinContext['note'] = undefined;

  #timeNs: bigint | undefined = undefined;
  #cache: Map<string, unknown> | undefined = undefined;
  #seed: number | undefined = undefined;
  #steps = 0;
  #checkAt = 0;
  #limits: Limits = {
    maxSteps: Number.POSITIVE_INFINITY,
    timeoutMs: Number.POSITIVE_INFINITY,
    signal: undefined,
  };
  #deadline = Number.POSITIVE_INFINITY;

  begin(limits: Limits, seed: number | undefined, timeNs: bigint | undefined): void {
    this.#limits = limits;
    this.#steps = 0;
    this.#checkAt = Math.min(CHECK_EVERY, limits.maxSteps);
    if (limits.signal?.aborted === true) this.#check();
    this.#deadline =
      limits.timeoutMs === Number.POSITIVE_INFINITY ? limits.timeoutMs : performance.now() + limits.timeoutMs;
    this.#seed = seed;
    this.#timeNs = timeNs;
    this.caches = [];
    this.#lasting = this.caches;
    this.#depth = 0;
    this.mask = undefined;
    this.mocks = undefined;
    this.location = undefined;
    this.#cache = undefined;
    this.swallowed = 0;
  }

  /** Takes a part of the stack for a document or call. False where it must be evaluated on its own first. */
  enter(weight: number): boolean {
    const depth = this.#depth + weight;
    if (depth > MAX_DEPTH && depth > weight && this.caches === this.#lasting) return false;
    this.#depth = depth;
    return true;
  }

  /** A document or call is evaluated and kept in `cache`; before it `swallowed` errors were taken for "no value". */
  leave(weight: number, cache: UnitCache, swallowed: number): void {
    this.#depth -= weight;
    if (this.swallowed !== swallowed) cache.swallowed = true;
  }

  /** Begins again with an empty stack: what was on it was thrown away. */
  restart(): void {
    this.charge(CHECK_EVERY);
    this.#depth = 0;
    this.location = undefined;
  }

  /** Forgets what one evaluation left behind. Registers keep their last values until they are written again. */
  end(): void {
    this.caches = [];
    this.#cache = undefined;
    this.input = undefined;
  }

  /** Counts one step. */
  tick(): void {
    if (++this.#steps > this.#checkAt) this.#check();
  }

  charge(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#checkAt) this.#check();
  }

  #check(): void {
    if (this.#steps > this.#limits.maxSteps) {
      throw new Halt('eval_cancel_error', `evaluation took more than ${this.#limits.maxSteps} steps`);
    }
    if (this.#limits.signal?.aborted === true)
      throw new Halt('eval_cancel_error', 'caller cancelled query execution');
    if (performance.now() > this.#deadline) {
      throw new Halt('eval_cancel_error', `evaluation took longer than ${this.#limits.timeoutMs} ms`);
    }
    this.#checkAt = Math.min(this.#steps + CHECK_EVERY, this.#limits.maxSteps);
  }

  /** Mulberry32: small, seeded, and not for secrets. */
  random(): number {
    this.#seed = ((this.#seed ?? Math.trunc(Math.random() * 0x1_0000_0000)) + 0x6d2b79f5) >>> 0;
    let t = this.#seed;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  get timeNs(): bigint {
    this.#timeNs ??= BigInt(Date.now()) * 1_000_000n;
    return this.#timeNs;
  }

  get cache(): Map<string, unknown> {
    this.#cache ??= new Map();
    return this.#cache;
  }

  /** Whether documents mean what they mean without any `with` that replaces functions or parts of `data`. */
  get unmodified(): boolean {
    return this.mask === undefined && this.mocks === undefined;
  }

  unitCache(id: number): UnitCache {
    let cache = this.caches[id];
    if (cache === undefined) {
      cache = {
        full: undefined,
        members: undefined,
        calls: undefined,
        groups: undefined,
        swallowed: false,
      };
      this.caches[id] = cache;
    } else if (cache.swallowed) this.swallowed++;
    return cache;
  }

  /** Whether `with` replaces the document at a path, or one above it. */
  isMasked(path: readonly Value[]): boolean {
    for (let mask = this.mask; mask !== undefined; mask = mask.outer) {
      if (isPrefix(mask.path, path)) return true;
    }
    return false;
  }
}

function isPrefix(prefix: readonly Value[], path: readonly Value[]): boolean {
  return (
    prefix.length <= path.length && prefix.every((key, index) => keyOf(key) === keyOf(path[index] as Value))
  );
}
