/** `opa.runtime`, `rego.parse_module`, `rego.metadata.*`. */

import { ParseError, parseModule } from '../../ast/index.ts';
import { moduleJson } from '../../ast/json.ts';
import { EMPTY_OBJECT, fromJson, parseJsonText, RegoObject } from '../../values/index.ts';
import { chargeText } from '../limits.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, Halt, T, type Type } from '../types.ts';

registerBuiltin(
  'opa.runtime',
  { args: [], result: T.object([T.string, T.any]), nondeterministic: true },
  (context) => {
    if (Object.keys(context.env).length === 0) return EMPTY_OBJECT;
    return RegoObject.of([['env', fromJson({ ...context.env })]]);
  },
);

registerBuiltin(
  'rego.parse_module',
  { args: [T.string, T.string], result: T.object([T.string, T.any]) },
  (context, name, text) => {
    const file = stringOperand(name, 1);
    const source = stringOperand(text, 1);
    chargeText(context, source.length);
    try {
      return parseJsonText(moduleJson(parseModule(source, { file })));
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const [problem] = error.errors;
      if (problem?.code === 'rego_depth_error') throw new Halt('eval_depth_error', problem.message);
      throw new BuiltinError(error.message);
    }
  },
);

registerMetadata('rego.metadata.chain', T.array(T.any));
registerMetadata('rego.metadata.rule', T.any);

/** The compiler puts the annotations in place of the call, so only a query, which has no rules, comes here. */
function registerMetadata(name: string, result: Type): void {
  registerBuiltin(name, { args: [], result }, () => {
    throw new BuiltinError(`the ${name} function must only be called within the scope of a rule`);
  });
}
