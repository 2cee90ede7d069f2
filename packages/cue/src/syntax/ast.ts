import type { Scalar } from '../values/scalar.ts';
import type { Place } from './source.ts';

/**
 * Where a name leads. `up` is the number of scopes between the name and what declares it, which is the number of
 * environments to leave when it is evaluated.
 */
export type Target =
  | { readonly kind: 'field'; readonly up: number; readonly label: string }
  /** The struct that the scope is of. */
  | { readonly kind: 'itself'; readonly up: number }
  | { readonly kind: 'binding'; readonly up: number; readonly name: string }
  | { readonly kind: 'package'; readonly path: string }
  | { readonly kind: 'predeclared'; readonly name: string };

export type Identifier = { readonly type: 'identifier'; readonly name: string; target?: Target } & Place;

export type BinaryOperator =
  | '&'
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '=~'
  | '!~'
  | '+'
  | '-'
  | '*'
  | '/'
  | 'div'
  | 'mod'
  | 'quo'
  | 'rem';
export type UnaryOperator = '+' | '-' | '!' | '<' | '<=' | '>' | '>=' | '!=' | '=~' | '!~';

export type Expression = Place &
  (
    | { readonly type: 'scalar'; readonly value: Scalar }
    | { readonly type: 'interpolation'; readonly parts: readonly (string | Expression)[] }
    | Identifier
    | { readonly type: 'bottom' }
    | StructLiteral
    | ListLiteral
    | { readonly type: 'selector'; readonly of: Expression; readonly label: string }
    | { readonly type: 'index'; readonly of: Expression; readonly index: Expression }
    | {
        readonly type: 'slice';
        readonly of: Expression;
        readonly low: Expression | null;
        readonly high: Expression | null;
      }
    | { readonly type: 'call'; readonly of: Expression; readonly args: readonly Expression[] }
    | { readonly type: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
    | {
        readonly type: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly type: 'disjunction'; readonly choices: readonly Choice[] }
  );

export interface Choice {
  readonly expression: Expression;
  /** Marked with `*`. */
  readonly preferred: boolean;
}

export type StructLiteral = Place & {
  readonly type: 'struct';
  readonly declarations: readonly Declaration[];
  /** What the struct is called within itself: `field: alias={…}`. */
  readonly alias?: Place & { readonly name: string };
};

export type ListLiteral = Place & {
  readonly type: 'list';
  readonly elements: readonly (Expression | Comprehension)[];
  /** `...` at the end, with the type of what may follow. */
  readonly rest: Expression | true | null;
};

export type Presence = 'member' | 'required' | 'optional';

export type Label =
  | { readonly kind: 'name'; readonly label: string }
  | { readonly kind: 'dynamic'; readonly expression: Expression }
  /** `[expression]: …`, or `[alias=expression]: …`. */
  | { readonly kind: 'pattern'; readonly expression: Expression; readonly alias: string | null };

export type Declaration = Place &
  (
    | {
        readonly type: 'field';
        readonly label: Label;
        /** `alias=label: …` */
        readonly alias: string | null;
        /** Whether the label can be referred to by its name: it is no text in quotes. */
        readonly named: boolean;
        readonly presence: Presence;
        readonly value: Expression;
      }
    | { readonly type: 'let'; readonly name: string; readonly label: string; readonly value: Expression }
    | { readonly type: 'ellipsis' }
    | { readonly type: 'embedding'; readonly expression: Expression }
    | Comprehension
  );

export type Clause = Place &
  (
    | { readonly type: 'for'; readonly key: string | null; readonly value: string; readonly of: Expression }
    | { readonly type: 'if'; readonly condition: Expression }
    | { readonly type: 'let'; readonly name: string; readonly value: Expression }
  );

export type Comprehension = Place & {
  readonly type: 'comprehension';
  readonly clauses: readonly Clause[];
  readonly body: StructLiteral;
};

export interface Import extends Place {
  readonly name: string;
  readonly path: string;
}

export interface File {
  readonly packageName: string | null;
  readonly imports: readonly Import[];
  readonly body: StructLiteral;
}
