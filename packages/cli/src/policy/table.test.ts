import { expect, test } from 'vitest';
import { ruled } from './table.ts';

test('rows whose cells have several lines are told apart by lines', () => {
  expect(
    ruled([
      ['a', 'x {\n\ty\n}'],
      ['long', 'z'],
    ]),
  ).toBe(`┌──────┬─────┐
│ a    │ x { │
│      │   y │
│      │ }   │
├──────┼─────┤
│ long │ z   │
└──────┴─────┘
`);
});
