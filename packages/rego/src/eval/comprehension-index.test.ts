import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../index.ts';
import { fromJson, parseJsonText, RegoArray, RegoObject } from '../values/index.ts';

const rule = compile({
  modules: {
    'groups.rego': `package groups

sets := [s | some team in input.teams; s := {x.id | some x in input.items; x.team == team}]

sets_plain := [s | some team in input.teams; s := {x.id | some x in input.items; not x.team != team}]

lists := [l | some team in input.teams; l := [x.id | some x in input.items; x.team == team]]

lists_plain := [l | some team in input.teams; l := [x.id | some x in input.items; not x.team != team]]

both := [l |
	some team in input.teams
	some id in input.ids
	l := [x | some x in input.items; x.team == team; x.id == id]
]

both_plain := [l |
	some team in input.teams
	some id in input.ids
	l := [x | some x in input.items; not x.team != team; not x.id != id]
]

same if {
	sets == sets_plain
	lists == lists_plain
	both == both_plain
}
`,
  },
}).rule('data.groups.same');

test('comprehensions that are grouped give what they give one by one, for selectors of any type', () => {
  const team = fc
    .constantFrom(
      '1',
      '"1"',
      '1.0',
      '1e0',
      'null',
      'true',
      '[1]',
      '[1.0]',
      '{"a": 1}',
      '{"a": 1.0}',
      '""',
      '"a"',
    )
    .map((text) => parseJsonText(text));
  const id = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(
      fc.array(team, { maxLength: 12 }),
      fc.array(id, { maxLength: 4 }),
      fc.array(fc.tuple(team, id), { maxLength: 20 }),
      (teams, ids, items) => {
        const input = RegoObject.of([
          ['teams', new RegoArray(teams)],
          ['ids', fromJson(ids)],
          [
            'items',
            new RegoArray(
              items.map(([t, i]) =>
                RegoObject.of([
                  ['team', t],
                  ['id', i],
                ]),
              ),
            ),
          ],
        ]);
        expect(rule.evaluate(input)).toBe(true);
        // Nothing is kept from one evaluation to the next.
        expect(rule.evaluate(input)).toBe(true);
      },
    ),
  );
});
