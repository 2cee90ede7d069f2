import type { Value } from '../values/index.ts';

/** A type in a built-in's declaration: what the type checker knows about its operands and its result. */
export type Type =
  | { readonly type: 'any' | 'null' | 'boolean' | 'number' | 'string' }
  | { readonly type: 'array'; readonly items: readonly Type[]; readonly rest: Type | null }
  | {
      readonly type: 'object';
      readonly members: readonly (readonly [name: string, type: Type])[];
      readonly rest: readonly [key: Type, value: Type] | null;
    }
  | { readonly type: 'set'; readonly of: Type }
  | { readonly type: 'union'; readonly of: readonly Type[] };

export const T = {
  any: { type: 'any' },
  null: { type: 'null' },
  boolean: { type: 'boolean' },
  number: { type: 'number' },
  string: { type: 'string' },
  /** `array(T.string)`: any number of strings. `array(null, T.any, T.number)`: exactly these two. */
  array: (rest: Type | null, ...items: Type[]): Type => ({ type: 'array', items, rest }),
  /** `object([T.any, T.any])`; with named members: `object(null, ['a', T.string])`. */
  object: (rest: readonly [Type, Type] | null, ...members: (readonly [string, Type])[]): Type => ({
    type: 'object',
    members,
    rest,
  }),
  set: (of: Type): Type => ({ type: 'set', of }),
  union: (...of: Type[]): Type => ({ type: 'union', of }),
} as const satisfies Record<string, Type | ((...parameters: never[]) => Type)>;

/** Where a call stands in the policy text. Rows and columns count from 1. */
export interface CallLocation {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** What a built-in may know about the evaluation that calls it. */
export interface BuiltinContext {
  /** Nanoseconds since 1970, the same for the whole query. */
  readonly timeNs: bigint;
  /** Uniform over [0, 1), from the seed of the query. */
  random(): number;
  /** Per query. Built-ins whose answer must not change within a query (`uuid.rfc4122`, `rand.intn`) keep it here. */
  readonly cache: Map<string, unknown>;
  /** Counts work done and throws {@link Halt} when the budget, the deadline or the caller's patience is at its end. Call it in loops. */
  charge(steps: number): void;
  readonly location: CallLocation | undefined;
  /** Environment variables the host shows to `opa.runtime`, and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** What `print` writes; undefined when nobody listens. */
  readonly print: ((message: string, location: CallLocation | undefined) => void) | undefined;
  /** Notes for `trace(…)`; undefined when nobody listens. */
  readonly note: ((message: string) => void) | undefined;
  /** Host services that reach outside. Absent means switched off. */
  readonly host: HostServices;
}

export interface HostServices {
  /** Performs `http.send`'s request object and gives its response object. */
  readonly httpSend?: (request: Value, context: BuiltinContext) => Value;
  /** The addresses of a name, for `net.lookup_ip_addr`. */
  readonly lookupAddresses?: (name: string) => readonly string[];
}

/**
 * Operands come one by one after the context; the number of them always fits the declaration. Answers undefined for
 * "no result, and no error either". Throws `OperandError`, `BuiltinError` or `Halt`.
 *
 *     registerBuiltin('count', { args: [T.any], result: T.number }, (_context, collection) => …)
 */
export type BuiltinFunction = (context: BuiltinContext, ...operands: Value[]) => Value | undefined;

/** A built-in with many results (`walk`). Stops as soon as `emit` answers true, and answers true then. */
export type RelationFunction = (
  context: BuiltinContext,
  emit: (result: Value) => boolean,
  ...operands: Value[]
) => boolean;

export interface BuiltinDeclaration {
  readonly args: readonly Type[];
  /** Type of any further operands (`print`). */
  readonly variadic?: Type;
  /** Absent for built-ins without a result (`print`). */
  readonly result?: Type;
  readonly infix?: string;
  readonly deprecated?: true;
  readonly nondeterministic?: true;
}

export type Builtin = {
  readonly name: string;
  readonly declaration: BuiltinDeclaration;
} & (
  | { readonly call: BuiltinFunction; readonly relation?: never }
  | { readonly relation: RelationFunction; readonly call?: never }
);

/**
 * A semantic error of a built-in: `eval_builtin_error` with `name: message` when errors are strict, else undefined.
 * Not an `Error`: most are caught at once, and collecting a stack would cost more than the built-in.
 */
export class BuiltinError {
  readonly code: 'eval_builtin_error' | 'eval_type_error' = 'eval_builtin_error';
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** An operand of a wrong type: `eval_type_error`, as `operand 1 must be number but got string`. */
export class OperandError extends BuiltinError {
  override readonly code = 'eval_type_error';
}

/** Ends the evaluation, strict or not. */
export class Halt {
  readonly code: string;
  readonly message: string;

  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}
