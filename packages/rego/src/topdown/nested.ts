import { callExpr } from '../compiler/tree.ts';
import { RegoArray, RegoObject, RegoSet } from '../values/index.ts';
import { type Continue, type Step, suppress } from './exit.ts';
import type { Frame } from './frame.ts';
import { type Body, type Expression, refTerm, type Statement, type Term } from './terms.ts';

/** `not x`, without `import future.keywords.not`. */
export function evaluateNegation(frame: Frame, expr: Expression, next: Continue): Step {
  const { saving } = frame.evaluation;
  if (saving?.expressionRequiresSave(expr, frame.bindings) === true) {
    return saving.saveNegation(frame, expr, expr.complement as Body, next);
  }
  if (!succeeds(frame, expr.complement as Body, false)) return next();
  frame.traceExpression('Fail', expr);
  return undefined;
}

/** `not { … }` */
export function evaluateNot(
  frame: Frame,
  expr: Expression,
  { body }: Statement & { kind: 'not' },
  next: Continue,
): Step {
  const { saving } = frame.evaluation;
  if (saving?.bodyRequiresSave(body, frame.bindings) === true) {
    return saving.saveNegation(frame, expr, body, next);
  }
  return succeeds(frame, body, false) ? undefined : next();
}

/** `a and b`, `a or b` */
export function evaluateLogical(
  frame: Frame,
  expr: Expression,
  { kind, lhs, rhs }: Statement & { kind: 'logicalAnd' | 'logicalOr' },
  next: Continue,
): Step {
  const { saving } = frame.evaluation;
  if (saving !== undefined && [lhs, rhs].some((body) => saving.bodyRequiresSave(body, frame.bindings))) {
    return saving.saveClosed(frame, expr, next);
  }
  const left = succeeds(frame, lhs, true);
  const isDecided = kind === 'logicalAnd' ? !left : left;
  const holds = isDecided ? left : succeeds(frame, rhs, true);
  return holds ? next() : undefined;
}

/** Whether a body that binds nothing for others is satisfied. */
function succeeds(frame: Frame, body: Body, findOne: boolean): boolean {
  const inner = frame.closure(body, findOne);
  inner.traceBody('Enter', body);
  inner.evaluate(() => {
    inner.trace('Exit', { kind: 'body', body }, body[0]?.location, findOne ? 'early' : '');
    inner.traceBody('Redo', body);
    inner.defined = true;
    return undefined;
  });
  return inner.defined;
}

const generators = new WeakMap<Expression, Body>();

export function evaluateEvery(
  frame: Frame,
  expr: Expression,
  every: Statement & { kind: 'every' },
  next: Continue,
): Step {
  const { saving } = frame.evaluation;
  if (
    saving !== undefined &&
    (frame.unknown([every.domain], frame.bindings) || saving.bodyRequiresSave(every.body, frame.bindings))
  ) {
    return saving.saveClosed(frame, expr, next);
  }
  if (!isIterable(frame.bindings.plug(every.domain))) {
    frame.traceExpression('Fail', expr);
    return undefined;
  }
  const domain = frame.closure(generatorOf(expr, every));
  domain.traceExpression('Enter', expr);
  let all = true;
  const step = domain.evaluate(() => {
    if (!all) return undefined;
    const body = domain.closure(every.body, true);
    body.traceBody('Enter', every.body);
    const inner = body.evaluate(() => {
      body.trace('Exit', { kind: 'body', body: every.body }, every.body[0]?.location, 'early');
      body.traceBody('Redo', every.body);
      body.defined = true;
      return undefined;
    });
    if (!body.defined) all = false;
    domain.traceExpression('Redo', expr);
    return suppress(inner);
  });
  if (step !== undefined) return step;
  if (!all) {
    domain.traceExpression('Fail', expr);
    return undefined;
  }
  const after = next();
  domain.traceExpression('Exit', expr);
  return after;
}

function isIterable(term: Term): boolean {
  if (term.kind !== 'value') return term.kind === 'array' || term.kind === 'set' || term.kind === 'object';
  const { value } = term;
  return value instanceof RegoArray || value instanceof RegoObject || value instanceof RegoSet;
}

/** `domain[key] = value`, which goes over what `every` is about. */
function generatorOf(expr: Expression, every: Statement & { kind: 'every' }): Body {
  const known = generators.get(expr);
  if (known !== undefined) return known;
  const { terms } = expr.source;
  if (terms.kind !== 'every') throw new Error('not an every');
  const { location } = terms.domain;
  const key = terms.key ?? { kind: 'var', name: every.key.name, location };
  const source = callExpr(
    'eq',
    [{ kind: 'ref', terms: [terms.domain, key], location }, terms.value],
    location,
  );
  const body: Body = [
    {
      terms: {
        kind: 'call',
        operator: refTerm([{ kind: 'var', name: 'eq' }]),
        name: 'eq',
        args: [refTerm([every.domain, every.key]), every.value],
      },
      with: [],
      negated: false,
      location,
      source,
      complement: undefined,
    },
  ];
  generators.set(expr, body);
  return body;
}
