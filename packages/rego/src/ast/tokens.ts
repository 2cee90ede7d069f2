/** The tokens of Rego, as small integers. Everything from {@link FIRST_KEYWORD} on is a keyword. */
export const T = {
  Illegal: 0,
  EOF: 1,
  Whitespace: 2,
  Ident: 3,
  Comment: 4,
  Number: 5,
  String: 6,
  TemplatePart: 7,
  TemplateEnd: 8,
  RawTemplatePart: 9,
  RawTemplateEnd: 10,
  LBrack: 11,
  RBrack: 12,
  LBrace: 13,
  RBrace: 14,
  LParen: 15,
  RParen: 16,
  Comma: 17,
  Colon: 18,
  Dot: 19,
  Semicolon: 20,
  Assign: 21,
  Unify: 22,
  Equal: 23,
  Neq: 24,
  Lt: 25,
  Gt: 26,
  Lte: 27,
  Gte: 28,
  Or: 29,
  And: 30,
  Add: 31,
  Sub: 32,
  Mul: 33,
  Quo: 34,
  Rem: 35,
  Package: 36,
  Import: 37,
  As: 38,
  Default: 39,
  Else: 40,
  Not: 41,
  Some: 42,
  With: 43,
  Null: 44,
  True: 45,
  False: 46,
  In: 47,
  Every: 48,
  Contains: 49,
  If: 50,
  LogicalAnd: 51,
  LogicalOr: 52,
} as const;

export const FIRST_KEYWORD = T.Package;

/** Names of the tokens as OPA's messages print them; an operator's is that of its built-in function. */
export const TOKEN_NAMES: readonly string[] = [
  'illegal',
  'eof',
  'whitespace',
  'identifier',
  'comment',
  'number',
  'string',
  'template-string-part',
  'template-string-end',
  'raw-template-string-part',
  'raw-template-string-end',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  ',',
  ':',
  '.',
  ';',
  'assign',
  'eq',
  'equal',
  'neq',
  'lt',
  'gt',
  'lte',
  'gte',
  'or',
  'and',
  'plus',
  'minus',
  'mul',
  'div',
  'rem',
  'package',
  'import',
  'as',
  'default',
  'else',
  'not',
  'some',
  'with',
  'null',
  'true',
  'false',
  'in',
  'every',
  'contains',
  'if',
  'and',
  'or',
];

/** How tightly an infix operator binds; 0 for what is none. `in` (1) is parsed on its own. */
export const PRECEDENCE: readonly number[] = Array.from(TOKEN_NAMES, (_, token) => {
  if (token >= T.Equal && token <= T.Gte) return 2;
  if (token === T.Or) return 3;
  if (token === T.And) return 4;
  if (token === T.Add || token === T.Sub) return 5;
  if (token >= T.Mul && token <= T.Rem) return 6;
  return 0;
});

type Keywords = ReadonlyMap<string, number>;

/** Keywords of every version. */
export const BASE_KEYWORDS: Keywords = new Map<string, number>([
  ['package', T.Package],
  ['import', T.Import],
  ['as', T.As],
  ['default', T.Default],
  ['else', T.Else],
  ['not', T.Not],
  ['some', T.Some],
  ['with', T.With],
  ['null', T.Null],
  ['true', T.True],
  ['false', T.False],
]);

/** Keywords of v1 that v0 has to import (`future.keywords.in`). */
export const V1_KEYWORDS: Keywords = new Map<string, number>([
  ['in', T.In],
  ['every', T.Every],
  ['contains', T.Contains],
  ['if', T.If],
]);

/** Keywords that both versions have to import. Importing `not` changes what `not` means. */
export const FUTURE_KEYWORDS: Keywords = new Map<string, number>([
  ['not', T.Not],
  ['and', T.LogicalAnd],
  ['or', T.LogicalOr],
]);

export const ALL_FUTURE_KEYWORDS: Keywords = new Map([...V1_KEYWORDS, ...FUTURE_KEYWORDS]);

/** Whether the language itself (no import) makes `name` a keyword. */
export function isKeyword(name: string, version: 'v0' | 'v0v1' | 'v1'): boolean {
  return BASE_KEYWORDS.has(name) || (version !== 'v0' && V1_KEYWORDS.has(name));
}
