/** `yaml.marshal`, `yaml.unmarshal`, `yaml.is_valid`. */
import { chargeParsing, chargeText } from '../../limits.ts';
import { stringOperand } from '../../operands.ts';
import { registerBuiltin } from '../../registry.ts';
import { BuiltinError, T } from '../../types.ts';
import { readYaml, YamlError } from './read.ts';
import { writeYaml } from './write.ts';

registerBuiltin('yaml.marshal', { args: [T.any], result: T.string }, (context, value) => {
  const text = writeYaml(value);
  chargeText(context, text.length);
  return text;
});

registerBuiltin('yaml.unmarshal', { args: [T.string], result: T.any }, (context, text) => {
  const operand = stringOperand(text, 1);
  chargeParsing(context, operand.length);
  try {
    return readYaml(operand, (steps) => context.charge(steps));
  } catch (error) {
    if (error instanceof YamlError) throw new BuiltinError(error.message);
    throw error;
  }
});

registerBuiltin('yaml.is_valid', { args: [T.string], result: T.boolean }, (context, text) => {
  if (typeof text !== 'string') return false;
  chargeParsing(context, text.length);
  try {
    readYaml(text, (steps) => context.charge(steps));
    return true;
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
});
