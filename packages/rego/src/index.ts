/** Rego, as OPA 1.20 has it: compile policies once, evaluate them many times. */
export { type AnnotationsRef, annotationRefs, annotationsRefJson, shortPath } from './ast/annotation-refs.ts';
export { ParseError, type SourceErrorEntry } from './ast/errors.ts';
export { moduleJson } from './ast/json.ts';
export { parseModule } from './ast/parse.ts';
export { refText } from './ast/print.ts';
export { moduleTree } from './ast/tree-text.ts';
export type { Annotations, Module, RegoVersion } from './ast/types.ts';
export { builtinNames, capabilities } from './builtins/capabilities.ts';
export { RELEASES, releaseCapabilities } from './builtins/releases/releases.ts';
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
export * from './bundle/index.ts';
export { type Schemas, schemaName } from './compiler/types/schema-annotations.ts';
export type { CompileInput, EvaluateOptions } from './engine.ts';
export {
  type ErrorLocation,
  RegoError,
  type RegoErrorCode,
  type RegoProblem,
  renderProblem,
} from './errors.ts';
export { FormatError } from './format/errors.ts';
export { type FormatOptions, format } from './format/format.ts';
export {
  compile,
  type ExpressionValue,
  Policy,
  PreparedRule,
  prepare,
  Query,
  type QueryOptions,
  type QueryResult,
  type QueryValues,
} from './query.ts';
export { requiredCapabilities } from './required-capabilities.ts';
export { isStackOverflow } from './stack.ts';
export * from './testing/index.ts';
export type { TraceEvent, Tracer } from './topdown/events.ts';
export { type PartialOptions, PartialQuery, type PartialResult } from './topdown/partial.ts';
export { TracedQuery } from './topdown/traced-query.ts';
export { type ExplainMode, explained, TraceBuffer } from './trace/buffer.ts';
export { type Dependencies, dependencies } from './trace/dependencies.ts';
export { traceJson } from './trace/json.ts';
export { type PrettyTraceOptions, prettyTrace } from './trace/pretty.ts';
export { type ExpressionStats, type ProfileOrder, Profiler } from './trace/profiler.ts';
export { several } from './trace/several.ts';
export * from './values/index.ts';
