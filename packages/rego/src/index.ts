/** Rego, as OPA 1.20 has it: compile policies once, evaluate them many times. */
export type { RegoVersion } from './ast/types.ts';
export {
  type Builtin,
  type BuiltinContext,
  type BuiltinDeclaration,
  BuiltinError,
  type BuiltinFunction,
  type CallLocation,
  Halt,
  type HostServices,
  OperandError,
  type RelationFunction,
  T,
  type Type,
} from './builtins/types.ts';
export type { CompileInput, EvaluateOptions } from './engine.ts';
export {
  type ErrorLocation,
  RegoError,
  type RegoErrorCode,
  type RegoProblem,
  renderProblem,
} from './errors.ts';
export {
  compile,
  type ExpressionValue,
  Policy,
  PreparedRule,
  prepare,
  Query,
  type QueryResult,
} from './query.ts';
export * from './values/index.ts';
