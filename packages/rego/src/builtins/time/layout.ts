/** Go time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` split into elements (Go `time` package, "Layout"). */

export type LayoutElement =
  | 'January'
  | 'Jan'
  | '1'
  | '01'
  | 'Monday'
  | 'Mon'
  | '2'
  | '_2'
  | '02'
  | '__2'
  | '002'
  | '15'
  | '3'
  | '03'
  | '4'
  | '04'
  | '5'
  | '05'
  | '2006'
  | '06'
  | 'PM'
  | 'pm'
  | 'MST'
  | 'offset'
  | 'fraction';

/** One step of a layout: literal text, then (unless at the end) an element. */
export interface LayoutStep {
  readonly literal: string;
  readonly element: LayoutElement | undefined;
  /** The element as written, e.g. `Z07:00` or `.000`. */
  readonly text: string;
}

/** Names that built-ins accept in place of a layout. */
export const namedLayouts: ReadonlyMap<string, string> = new Map([
  ['ANSIC', 'Mon Jan _2 15:04:05 2006'],
  ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006'],
  ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006'],
  ['RFC822', '02 Jan 06 15:04 MST'],
  ['RFC822Z', '02 Jan 06 15:04 -0700'],
  ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST'],
  ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST'],
  ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700'],
  ['RFC3339', '2006-01-02T15:04:05Z07:00'],
  ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00'],
]);

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

export const weekdayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;

/** Tried in this order at each position; a lookahead keeps words such as "Monkey" or "Janet" literal. */
const elements: readonly (readonly [LayoutElement, RegExp])[] = [
  ['January', /January/y],
  ['Jan', /Jan(?![a-z])/y],
  ['Monday', /Monday/y],
  ['Mon', /Mon(?![a-z])/y],
  ['MST', /MST/y],
  ['002', /002/y],
  ['01', /01/y],
  ['02', /02/y],
  ['03', /03/y],
  ['04', /04/y],
  ['05', /05/y],
  ['06', /06/y],
  ['15', /15/y],
  ['1', /1/y],
  ['2006', /2006/y],
  ['2', /2/y],
  ['__2', /__2/y],
  ['_2', /_2(?!006)/y],
  ['3', /3/y],
  ['4', /4/y],
  ['5', /5/y],
  ['PM', /PM/y],
  ['pm', /pm/y],
  ['offset', /[-Z]07(?:0000|:00:00|00|:00)?/y],
  ['fraction', /[.,](?:0+|9+)(?![0-9])/y],
];

/** Layouts may come from input, so the number kept is bounded. */
const maxCached = 64;
const cache = new Map<string, readonly LayoutStep[]>();

/** Splits a layout. The last step has no element. */
export function parseLayout(layout: string): readonly LayoutStep[] {
  const known = cache.get(layout);
  if (known !== undefined) return known;
  const steps = split(layout);
  if (cache.size >= maxCached) cache.delete(cache.keys().next().value!);
  cache.set(layout, steps);
  return steps;
}

function split(layout: string): readonly LayoutStep[] {
  const steps: LayoutStep[] = [];
  let literalFrom = 0;
  for (let at = 0; at < layout.length; ) {
    const found = elementAt(layout, at);
    if (found === undefined) {
      at++;
      continue;
    }
    steps.push({ literal: layout.slice(literalFrom, at), ...found });
    at += found.text.length;
    literalFrom = at;
  }
  steps.push({ literal: layout.slice(literalFrom), element: undefined, text: '' });
  return steps;
}

function elementAt(layout: string, at: number): { element: LayoutElement; text: string } | undefined {
  for (const [element, pattern] of elements) {
    pattern.lastIndex = at;
    const text = pattern.exec(layout)?.[0];
    if (text !== undefined) return { element, text };
  }
  return undefined;
}
