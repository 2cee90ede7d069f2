/** `json.marshal`, `json.marshal_with_options`, `json.unmarshal`, `json.is_valid`. */

import { rethrowOverflow } from '../../stack.ts';
import { parseJsonText, toTerm, type Value } from '../../values/index.ts';
import { marshalJson } from '../go/json.ts';
import { quote } from '../go/quote.ts';
import { chargeText } from '../limits.ts';
import { objectOperand, stringOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, OperandError, T } from '../types.ts';
import { explainJsonError } from './json-error.ts';

registerBuiltin('json.marshal', { args: [T.any], result: T.string }, (context, value) => {
  const text = marshalJson(value);
  chargeText(context, text.length);
  return text;
});

const options = T.object(
  [T.string, T.any],
  ['indent', T.string],
  ['prefix', T.string],
  ['pretty', T.boolean],
);

registerBuiltin(
  'json.marshal_with_options',
  { args: [T.any, options], result: T.string },
  (context, value, given) => {
    let prefix = '';
    let indent = '\t';
    let pretty: boolean | undefined;
    let implied = false;
    objectOperand(given, 2)
      .entries()
      .forEach(([key, option], position) => {
        if (typeof key !== 'string') {
          throw new OperandError(
            `operand 2 failed to stringify key ${toTerm(key)} at index ${position}: ${wrongType(position, key, 'string').message}`,
          );
        }
        switch (key) {
          case 'prefix':
            prefix = optionText(key, option, position);
            implied = true;
            break;
          case 'indent':
            indent = optionText(key, option, position);
            implied = true;
            break;
          case 'pretty':
            if (typeof option !== 'boolean')
              throw new OperandError(`operand 2 key ${quote(key)} failed cast to bool`);
            pretty = option;
            break;
          default:
            throw new OperandError(`operand 2 object contained unknown key ${quote(key)}`);
        }
      });
    if (!(pretty ?? implied)) return charged(context, marshalJson(value));
    return charged(context, prefix + marshalJson(value, { prefix, indent }));
  },
);

function optionText(key: string, option: Value, position: number): string {
  if (typeof option === 'string') return option;
  throw new OperandError(
    `operand 2 key ${quote(key)} failed cast to string: ${wrongType(position, option, 'string').message}`,
  );
}

function charged(context: BuiltinContext, text: string): string {
  chargeText(context, text.length);
  return text;
}

registerBuiltin('json.unmarshal', { args: [T.string], result: T.any }, (context, text) => {
  const operand = stringOperand(text, 1);
  chargeText(context, operand.length);
  return parseJson(operand);
});

registerBuiltin('json.is_valid', { args: [T.string], result: T.boolean }, (context, text) => {
  if (typeof text !== 'string') return false;
  chargeText(context, text.length);
  try {
    parseJsonText(text);
    return true;
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
});

/** Parses JSON; throws the error OPA gives. */
export function parseJson(text: string): Value {
  try {
    return parseJsonText(text);
  } catch (error) {
    rethrowOverflow(error);
    if (!(error instanceof SyntaxError)) throw error;
    throw new BuiltinError(explainJsonError(text) ?? error.message);
  }
}
