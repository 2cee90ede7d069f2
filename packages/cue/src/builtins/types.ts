import type { Place } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';

/** A function of a package, over values that are wholly known. */
export type Builtin =
  | {
      readonly type: 'function';
      /** The kinds that each argument may be. */
      readonly parameters: readonly number[];
      /** It may stand as a constraint, without its first argument. */
      readonly validates: boolean;
      /** As a constraint on what may get longer: holds, is asked of what is there, or has no answer. */
      readonly openList?: 'passes' | 'counts';
      /** Of its first argument, a list or a struct, it asks the length alone. */
      readonly byLength?: boolean;
      /** The result, or what is wrong with the arguments. */
      readonly call: (args: readonly Concrete[], at: Place) => Concrete | string;
    }
  | { readonly type: 'constant'; readonly value: Concrete };

export type Package = ReadonlyMap<string, Builtin>;
