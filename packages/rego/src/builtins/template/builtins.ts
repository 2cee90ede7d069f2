/** `strings.render_template`: Go's `text/template`, without methods. */
import { PrintfTooLong } from '../go/printf.ts';
import { chargeText } from '../limits.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';
import { TemplateError } from './lexer.ts';
import { parseTemplate } from './parser.ts';
import { renderTemplate } from './render.ts';

registerBuiltin(
  'strings.render_template',
  { args: [T.string, T.object([T.string, T.any])], result: T.string },
  (context, text, values) => {
    const source = stringOperand(text, 1);
    const data = objectOperand(values, 2);
    chargeText(context, source.length);
    try {
      const rendered = renderTemplate(parseTemplate(source), data, (steps) => context.charge(steps));
      return rendered.replaceAll('<no value>', '<undefined>');
    } catch (error) {
      if (error instanceof TemplateError || error instanceof PrintfTooLong)
        throw new BuiltinError(error.message);
      throw error;
    }
  },
);
