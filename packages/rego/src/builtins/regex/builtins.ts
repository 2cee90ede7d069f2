/** `regex.*` and the deprecated `re_match`. Patterns are RE2, so matching time is linear in the text. */
import { RegoArray, type Value } from '../../values/index.ts';
import { chargeSearch, chargeText } from '../limits.ts';
import { intOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { compileRegex, regexTester } from './cache.ts';
import { globsIntersect } from './globs-match.ts';
import { expandTemplate, findAll, type Match } from './matches.ts';
import { compileTemplate } from './template.ts';

registerBuiltin('regex.is_valid', { args: [T.string], result: T.boolean }, (_context, pattern) => {
  if (typeof pattern !== 'string') return false;
  try {
    compileRegex(pattern);
    return true;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
});

const matchDeclaration = { args: [T.string, T.string], result: T.boolean };

registerBuiltin('regex.match', matchDeclaration, match);
registerBuiltin('re_match', { ...matchDeclaration, deprecated: true }, match);

function match(context: BuiltinContext, pattern: Value, text: Value): boolean {
  const expression = stringOperand(pattern, 1);
  const subject = subjectOperand(context, expression, text);
  return regexTester(expression)(subject);
}

function subjectOperand(context: BuiltinContext, pattern: string, text: Value): string {
  const subject = stringOperand(text, 2);
  chargeSearch(context, pattern, subject);
  return subject;
}

registerBuiltin(
  'regex.template_match',
  { args: [T.string, T.string, T.string, T.string], result: T.boolean },
  (context, template, text, open, close) => {
    const pattern = stringOperand(template, 1);
    const subject = subjectOperand(context, pattern, text);
    const regex = compileTemplate(pattern, stringOperand(open, 3), stringOperand(close, 4));
    return regex.test(subject);
  },
);

registerBuiltin('regex.globs_match', matchDeclaration, (context, a, b) => {
  return globsIntersect(stringOperand(a, 1), stringOperand(b, 2), (steps) => context.charge(steps));
});

registerBuiltin(
  'regex.split',
  { args: [T.string, T.string], result: T.array(T.string) },
  (context, pattern, text) => {
    const expression = stringOperand(pattern, 1);
    const subject = subjectOperand(context, expression, text);
    const matches = allMatches(context, expression, subject, -1);
    if (expression !== '' && subject === '') return new RegoArray(['']);
    const parts: string[] = [];
    let begin = 0;
    let end = 0;
    for (const found of matches) {
      end = found.start;
      if (found.end !== 0) parts.push(subject.slice(begin, end));
      begin = found.end;
    }
    if (end !== subject.length) parts.push(subject.slice(begin));
    return new RegoArray(parts);
  },
);

registerBuiltin(
  'regex.find_n',
  { args: [T.string, T.string, T.number], result: T.array(T.string) },
  (context, pattern, text, limit) => {
    const matches = findOperand(context, pattern, text, limit);
    return new RegoArray(matches.map((found) => found.groups[0]!));
  },
);

registerBuiltin(
  'regex.find_all_string_submatch_n',
  { args: [T.string, T.string, T.number], result: T.array(T.array(T.string)) },
  (context, pattern, text, limit) => {
    const matches = findOperand(context, pattern, text, limit);
    return new RegoArray(matches.map((found) => new RegoArray(found.groups)));
  },
);

function findOperand(context: BuiltinContext, pattern: Value, text: Value, limit: Value): readonly Match[] {
  const expression = stringOperand(pattern, 1);
  const subject = subjectOperand(context, expression, text);
  return allMatches(context, expression, subject, intOperand(limit, 3));
}

function allMatches(
  context: BuiltinContext,
  pattern: string,
  subject: string,
  limit: number,
): readonly Match[] {
  return findAll(compileRegex(pattern), subject, limit, (steps) => context.charge(steps));
}

registerBuiltin(
  'regex.replace',
  { args: [T.string, T.string, T.string], result: T.string },
  (context, text, pattern, replacement) => {
    const subject = stringOperand(text, 1);
    const expression = stringOperand(pattern, 2);
    const template = stringOperand(replacement, 3);
    chargeSearch(context, expression, subject);
    const names = compileRegex(expression).namedGroups();
    let out = '';
    let end = 0;
    for (const found of allMatches(context, expression, subject, -1)) {
      out += subject.slice(end, found.start) + expandTemplate(template, found, names);
      end = found.end;
      if (out.length > subject.length) chargeText(context, out.length - subject.length);
    }
    return out + subject.slice(end);
  },
);
