import { expect, test } from 'vitest';
import { compile } from '../query.ts';
import { type ExplainMode, explained, TraceBuffer } from './buffer.ts';
import { traceJson } from './json.ts';
import { prettyTrace } from './pretty.ts';

const POLICY = `package p

allow if {
	some role in data.roles[input.user]
	trace(sprintf("has role %v", [role]))
	role == "admin"
}
`;

const policy = compile({
  modules: { 'p.rego': POLICY },
  data: { roles: { ann: ['dev', 'admin'], bob: ['dev'] } },
});

function explain(mode: ExplainMode, user: string, variables = false): string {
  const query = policy.tracedQuery('data.p.allow');
  const buffer = new TraceBuffer(mode);
  query.values({ user }, buffer);
  return prettyTrace(explained(buffer.events, mode), { original: query.original, variables });
}

// Each expected text below is what OPA 1.20.2 prints.
test('a full explanation has every step, with the policy’s own names for variables', () => {
  expect(explain('full', 'bob')).toBe(`query:1      Enter data.p.allow = _
query:1      | Eval data.p.allow = _
query:1      | Index data.p.allow (matched 1 rule, early exit)
p.rego:3     | Enter data.p.allow
p.rego:4     | | Eval __local4__ = input.user
p.rego:4     | | Eval role = data.roles[__local4__][__local0__]
p.rego:5     | | Eval sprintf("has role %v", [role], __local3__)
p.rego:5     | | Eval trace(__local3__)
p.rego:5     | | Note "has role dev"
p.rego:6     | | Eval role = "admin"
p.rego:6     | | Fail role = "admin"
p.rego:5     | | Redo trace(__local3__)
p.rego:5     | | Redo sprintf("has role %v", [role], __local3__)
p.rego:4     | | Redo role = data.roles[__local4__][__local0__]
p.rego:4     | | Redo __local4__ = input.user
query:1      | Fail data.p.allow = _
`);
});

test('notes and failures come with what led to them', () => {
  expect(explain('notes', 'ann')).toBe(`query:1      Enter data.p.allow = _
p.rego:3     | Enter data.p.allow
p.rego:5     | | Note "has role dev"
p.rego:5     | | Note "has role admin"
`);
  expect(explain('fails', 'bob')).toBe(`query:1      Enter data.p.allow = _
p.rego:3     | Enter data.p.allow
p.rego:6     | | Fail role = "admin"
query:1      | Fail data.p.allow = _
`);
});

test('values of variables are a column of their own', () => {
  expect(explain('fails', 'bob', true)).toContain('Fail role = "admin"     {role: "dev"}\n');
});

test('JSON events have the members that OPA gives them', () => {
  const query = policy.tracedQuery('data.p.allow');
  const buffer = new TraceBuffer('notes');
  query.values({ user: 'bob' }, buffer);
  const events = JSON.parse(traceJson(explained(buffer.events, 'notes'), query.original)) as object[];
  expect(events.at(-1)).toEqual({
    Op: 'Note',
    Node: null,
    Location: { file: 'p.rego', row: 5, col: 2 },
    QueryID: 1,
    ParentID: 0,
    Locals: null,
    LocalMetadata: null,
    Message: 'has role dev',
    Ref: null,
  });
  expect(events[1]).toMatchObject({ Op: 'Enter', Node: { head: { name: 'allow' } } });
});

test('what a traced query answers is what the query answers', () => {
  for (const text of [
    'data.p',
    'x = data.roles[y]',
    'not data.p.allow',
    'data.roles.bob[_] == "dev"; z := 1',
  ]) {
    const traced = policy.tracedQuery(text).values({ user: 'bob' }, new TraceBuffer('debug'));
    expect(traced, text).toEqual(policy.query(text).values({ user: 'bob' }));
  }
});

test('a traced evaluation that fails has shown how it came to that', () => {
  const failing = compile({ modules: { 'p.rego': 'package p\np := 1\np := 2 if input.x' } });
  const query = failing.tracedQuery('data.p.p');
  const buffer = new TraceBuffer('full');
  expect(() => query.values({ x: true }, buffer)).toThrow('complete rules must not produce multiple outputs');
  expect(prettyTrace(buffer.events, query)).toContain('Enter data.p.p');
});

test('a traced evaluation is bounded like any other', () => {
  const endless = compile({
    modules: {
      'p.rego': 'package p\np if { numbers.range(1, 1000)[_] == numbers.range(1, 1000)[_]; false }',
    },
  });
  const query = endless.tracedQuery('data.p.p');
  const tracer = { wantsLocals: false, wantsUnify: false, trace: () => undefined };
  expect(() => query.values(undefined, tracer, { maxSteps: 500 })).toThrow('more than 500 steps');
});
