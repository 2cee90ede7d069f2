import { CueError } from '../errors.ts';
import type { Expression } from '../syntax/ast.ts';
import { parseFile } from '../syntax/parser.ts';
import { isPlain } from '../syntax/plain.ts';
import { Source, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { int } from '../values/number.ts';
import { Kind } from '../values/scalar.ts';
import type { Validator } from './checks.ts';
import { free } from './closedness.ts';
import type { Machine } from './machine.ts';
import { type Conjunct, type Environment, type Node, placeText } from './node.ts';
import { missing } from './required.ts';

type Call = Expression & { type: 'call' };
type Fit = 'fits' | 'contradicts' | 'unknown';

/** The constraints whose arguments are schemas, which the value fits or does not. */
export const schemaFunctions: ReadonlySet<string> = new Set([
  'matchN',
  'matchIf',
  'list.MatchN',
  'encoding/json.Validate',
]);

/** `matchN`, `matchIf`, `list.MatchN` or `json.Validate` as a constraint. */
export function schemaValidator(
  machine: Machine,
  env: Environment | null,
  name: string,
  expression: Call,
): Validator {
  const { args } = expression;
  const wanted = name === 'matchIf' ? 3 : name === 'encoding/json.Validate' ? 1 : 2;
  if (args.length !== wanted) throw unsupported(expression, 'this number of arguments');
  for (const argument of args) examine(machine, env, argument);
  const schema = (schemas: Expression, value: Concrete) => fit(machine, env, schemas, data(value));
  const text = `${name} (${placeText(expression)})`;
  switch (name) {
    case 'matchIf': {
      const [condition, then, otherwise] = args as [Expression, Expression, Expression];
      const test = (value: Concrete, open: boolean) => {
        if (open && value.kind === 'list')
          throw unsupported(expression, 'a schema for a list that may get longer');
        const chosen = schema(condition, value) === 'fits' ? then : otherwise;
        return known(machine, schema(chosen, value), expression);
      };
      return { kinds: Kind.top, test, byLength: false, text };
    }
    case 'matchN': {
      const [bound, schemas] = args as [Expression, Expression];
      if (schemas.type !== 'list' || schemas.rest !== null)
        throw unsupported(schemas, 'what is no literal of a list here');
      const each = schemas.elements.map((element) => {
        if (element.type === 'comprehension') throw unsupported(element, 'a comprehension here');
        return element;
      });
      const test = (value: Concrete, open: boolean) => {
        if (open && value.kind === 'list')
          throw unsupported(expression, 'a schema for a list that may get longer');
        const fits = each.map((one) => schema(one, value));
        const count = fits.filter((one) => one === 'fits').length;
        if (schema(bound, int(count)) === 'fits') return true;
        // CUE sees no more than that of a bound that is put together, and lets it pass.
        if (!isPlainBound(bound)) throw unsupported(bound, 'such a number of matches');
        const most = count + fits.filter((one) => one === 'unknown').length;
        for (let more = count + 1; more <= most; more++)
          if (schema(bound, int(more)) === 'fits') return known(machine, 'unknown', expression);
        return false;
      };
      return { kinds: Kind.top, test, byLength: false, text };
    }
    case 'list.MatchN': {
      const [bound, element] = args as [Expression, Expression];
      const test = (value: Concrete) => {
        const items = value.kind === 'list' ? value.items : [];
        const count = items.filter((item) => schema(element, item) === 'fits').length;
        return schema(bound, int(count)) === 'fits';
      };
      return { kinds: Kind.list, test, byLength: false, text };
    }
    default: {
      const test = (value: Concrete) => {
        if (value.kind !== 'string') return false;
        const body = jsonBody(value.value, expression);
        return body !== null && known(machine, fit(machine, env, args[0]!, body), expression);
      };
      return { kinds: Kind.string, test, byLength: false, text };
    }
  }
}

/** What may still fit is no error, except where all has to be there, or beside another validator. */
function known(machine: Machine, found: Fit, at: Expression): boolean {
  if (found === 'unknown' && (machine.final || machine.beside))
    throw unsupported(at, 'a schema that may still fit');
  return found !== 'contradicts';
}

function isPlainBound(bound: Expression): boolean {
  return bound.type === 'scalar' || (bound.type === 'unary' && bound.operand.type === 'scalar');
}

/** CUE looks at the schemas first, and finds an error in one that is never asked. */
function examine(machine: Machine, env: Environment | null, argument: Expression): void {
  if (!isPlain(argument)) throw unsupported(argument, 'such a schema');
  for (const schema of argument.type === 'list' ? [argument, ...argument.elements] : [argument]) {
    const node = machine.node(null, 's');
    node.conjuncts.push({ env, expression: schema as Expression, standing: free, via: [] });
    if (machine.deeper(() => machine.verdict(node)) !== null)
      throw unsupported(argument, 'a schema that contradicts itself');
    refuseIncomplete(node, argument);
  }
}

const data = (value: Concrete): Conjunct['expression'] => ({ type: 'data', value });

/** Whether a value and a schema can be one value that has all the fields that are required. A type is a value, too. */
function fit(
  machine: Machine,
  env: Environment | null,
  schema: Expression,
  value: Conjunct['expression'],
): Fit {
  const node = machine.node(null, 's');
  node.conjuncts.push({ env: null, expression: value, standing: free, via: [] });
  node.conjuncts.push({ env, expression: schema, standing: free, via: [] });
  if (machine.deeper(() => machine.verdict(node)) !== null) return 'contradicts';
  refuseIncomplete(node, schema);
  return missing(node) === null ? 'fits' : 'unknown';
}

function refuseIncomplete(node: Node, at: Expression): void {
  const { settled } = node;
  if (settled.incomplete || settled.overlooked) throw unsupported(at, 'a schema that is not known');
  for (const field of settled.fields.values()) if (field.presence === 'member') refuseIncomplete(field, at);
  for (const element of settled.elements ?? []) refuseIncomplete(element, at);
}

/**
 * A text of JSON as the literal of CUE that it is, so that a name twice is seen as CUE sees it; null where it is no
 * JSON.
 */
export function jsonBody(text: string, at: Expression): Conjunct['expression'] | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  try {
    return parseFile(new Source('json', text)).body;
  } catch (error) {
    if (error instanceof CueError && error.code === 'cue_syntax_error')
      throw unsupported(at, `JSON that is no CUE (${error.message})`);
    throw error;
  }
}
