/**
 * The abstract syntax tree of Rego, shaped as OPA shapes it (`v1/ast/policy.go`, `v1/ast/term.go`), so that what is
 * said about OPA's tree holds for this one: infix operators are calls of built-in functions by their OPA name, a
 * wildcard is a fresh variable, a set literal holds each member once, and `p[x] { … }` has a key and no value.
 */

/** Which of the two languages a module is written in. `v0v1` is v0 that must also be valid v1 (`opa fmt --rego-v1`). */
export type RegoVersion = 'v0' | 'v0v1' | 'v1';

/** Where a node stands. `row` and `col` count from 1, `col` in Unicode characters; `offset` in UTF-16 units from 0. */
export interface Location {
  file: string;
  row: number;
  col: number;
  offset: number;
  /** The node's source text; the empty string where OPA keeps none. */
  text: string;
}

export interface NullTerm {
  kind: 'null';
  location: Location;
}

export interface BooleanTerm {
  kind: 'boolean';
  value: boolean;
  location: Location;
}

/** A number literal. `text` is what the source says, digit for digit; its value is for `values` to read. */
export interface NumberTerm {
  kind: 'number';
  text: string;
  location: Location;
}

/** A string literal, unescaped. A raw string (`` `a` ``) differs only in its location's text. */
export interface StringTerm {
  kind: 'string';
  value: string;
  location: Location;
}

export type ScalarTerm = NullTerm | BooleanTerm | NumberTerm | StringTerm;

/**
 * `$"a {x}"`: the text as string terms (none empty), between them what stood in braces: a scalar as such, everything
 * else as expression. `multiLine` says that it was written with backticks.
 */
export interface TemplateString {
  kind: 'templateString';
  parts: (Expr | ScalarTerm)[];
  multiLine: boolean;
  location: Location;
}

/** A variable. Each `_` becomes its own variable, named `$0`, `$1`, … in the order of the module. */
export interface Var {
  kind: 'var';
  name: string;
  location: Location;
}

/** `a.b[c]`: at least one term. The first is a var, or any term that can be indexed (a call, an array, …). */
export interface Ref {
  kind: 'ref';
  terms: Term[];
  location: Location;
}

/**
 * A function call. Infix operators have OPA's names: `eq` (`=`), `assign` (`:=`), `equal`, `neq`, `lt`, `lte`, `gt`,
 * `gte`, `plus`, `minus`, `mul`, `div`, `rem`, `and` (`&`), `or` (`|`), `internal.member_2` (`x in xs`),
 * `internal.member_3` (`k, v in xs`).
 */
export interface Call {
  kind: 'call';
  operator: Ref;
  args: Term[];
  location: Location;
}

export interface ArrayTerm {
  kind: 'array';
  items: Term[];
  location: Location;
}

/** Members in source order, each (as structure) once. `set()` is the empty set. */
export interface SetTerm {
  kind: 'set';
  items: Term[];
  location: Location;
}

/** Pairs in source order; of a key that is written twice, only the last value counts. */
export interface ObjectTerm {
  kind: 'object';
  pairs: [key: Term, value: Term][];
  location: Location;
}

export interface ArrayComprehension {
  kind: 'arrayComprehension';
  term: Term;
  body: Body;
  location: Location;
}

export interface SetComprehension {
  kind: 'setComprehension';
  term: Term;
  body: Body;
  location: Location;
}

export interface ObjectComprehension {
  kind: 'objectComprehension';
  key: Term;
  value: Term;
  body: Body;
  location: Location;
}

export type Term =
  | NullTerm
  | BooleanTerm
  | NumberTerm
  | StringTerm
  | TemplateString
  | Var
  | Ref
  | Call
  | ArrayTerm
  | SetTerm
  | ObjectTerm
  | ArrayComprehension
  | SetComprehension
  | ObjectComprehension;

/** `some x, y` (symbols are vars) or `some x in xs` (one symbol: a call of `internal.member_2` or `_3`). */
export interface SomeDecl {
  kind: 'some';
  symbols: Term[];
  location: Location;
}

export interface Every {
  kind: 'every';
  key: Var | undefined;
  value: Var;
  domain: Term;
  body: Body;
  location: Location;
}

/** Negation of a whole body, made only under `import future.keywords.not`; else see {@link Expr.negated}. */
export interface Not {
  kind: 'not';
  body: Body;
  /** Written `not { … }` and not `not x`. */
  explicitBody: boolean;
  location: Location;
}

/** `lhs and rhs` or `lhs or rhs` of the experimental keywords; `explicit…` says that braces were written. */
export interface Logical {
  kind: 'logicalAnd' | 'logicalOr';
  lhs: Body;
  rhs: Body;
  explicitLhs: boolean;
  explicitRhs: boolean;
  location: Location;
}

/** `with target as value`. */
export interface With {
  kind: 'with';
  target: Ref | Var;
  value: Term;
  location: Location;
}

/** One expression of a body. A call as a statement, `x := 1` and `x == 1` among them, is a {@link Call} in `terms`. */
export interface Expr {
  kind: 'expr';
  terms: Term | SomeDecl | Every | Not | Logical;
  with: With[];
  negated: boolean;
  /** Position within the body, from 0. */
  index: number;
  location: Location;
}

/** Never empty. */
export type Body = Expr[];

export interface Head {
  /**
   * The name of a rule whose ref is one var, or (for compatibility, as in OPA) of `p[x]`. The empty string for every
   * other general ref head: use `ref`.
   */
  name: string;
  /** The whole ref of the rule's head, less a trailing key of a v0 partial set. The first term is a var. */
  ref: Term[];
  /** Of a function, its parameters; `undefined` where the rule is none. `f()` has an empty list. */
  args: Term[] | undefined;
  /** The member of a partial set (`p contains x`, v0 `p[x]`), or the key of `p[x] = y`. */
  key: Term | undefined;
  value: Term | undefined;
  /** Written `:=` and not `=`. */
  assign: boolean;
  /** The value is an implied `true`. */
  generatedValue: boolean;
  hasIf: boolean;
  hasContains: boolean;
  location: Location;
}

export interface Rule {
  kind: 'rule';
  default: boolean;
  head: Head;
  body: Body;
  /** The body is an implied `true`. */
  generatedBody: boolean;
  else: Rule | undefined;
  annotations: Annotations[];
  location: Location;
}

export interface Package {
  kind: 'package';
  /** Starts with the var `data`; the rest are strings. */
  path: Term[];
  location: Location;
}

export interface Import {
  kind: 'import';
  path: Ref;
  alias: string | undefined;
  location: Location;
}

/** `text` is what follows the `#`. */
export interface Comment {
  text: string;
  location: Location;
}

/** Any JSON value, as metadata holds. Objects have no prototype. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type AnnotationScope = 'rule' | 'document' | 'package' | 'subpackages';

/** A schema that the METADATA block assigns to a path: a ref (`schema.input`) or one written out. */
export interface SchemaAnnotation {
  path: Term[];
  schema: Term[] | undefined;
  definition: Json | undefined;
}

/** One METADATA block. Fields that the block does not have are absent. */
export interface Annotations {
  kind: 'annotations';
  scope: AnnotationScope;
  title?: string;
  description?: string;
  organizations?: string[];
  relatedResources?: { ref: string; description?: string }[];
  authors?: { name?: string; email?: string }[];
  schemas?: SchemaAnnotation[];
  compile?: { unknowns?: Term[][]; maskRule?: Term[] };
  custom?: { [key: string]: Json };
  entrypoint?: boolean;
  labels?: { [key: string]: Json };
  location: Location;
  /** The row of the block's last line. */
  endRow: number;
}

export interface Module {
  kind: 'module';
  package: Package;
  imports: Import[];
  rules: Rule[];
  comments: Comment[];
  annotations: Annotations[];
  regoVersion: RegoVersion;
}
